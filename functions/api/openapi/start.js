// Nothing is asked of anybody else: no fonts, no proxy, no counting.
const here = new URL('.', document.baseURI).href
Scalar.createApiReference('#app', {
  url: `${here}v1/openapi.json`, servers: [{ url: here.replace(/\/$/, '') }], proxyUrl: '', withDefaultFonts: false, telemetry: false,
  hideClientButton: true, agent: { disabled: true }, mcp: { disabled: true }, showDeveloperTools: 'never',
})
