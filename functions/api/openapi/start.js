// Nothing is asked of anybody else: no fonts, no proxy, no counting.
Scalar.createApiReference('#app', {
  url: new URL('v1/openapi.json', document.baseURI).href, proxyUrl: '', withDefaultFonts: false, telemetry: false,
  hideClientButton: true, agent: { disabled: true }, mcp: { disabled: true }, showDeveloperTools: 'never',
})
