// A customer's page for connecting accounts, as a web app would have one: SOKU_CONNECT_PAGE names it.
// A platform sends the person back to Soku's callback, which redirects here with a code and a state; this page posts both with
// the ID token of whoever is signed in *here*. Somebody else's code is thereby refused.

const { apiUrl, authUrl, platforms } = await (await fetch("/_connect/settings.json")).json();
const SESSION = "soku-session";
const at = (id) => document.getElementById(id);

function tell(text, refused = false) {
  at("told").textContent = text;
  at("told").classList.toggle("refused", refused);
}

function session() {
  return JSON.parse(sessionStorage.getItem(SESSION) ?? "null");
}

async function signIn(email, password) {
  const answer = await fetch(`${authUrl}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=local`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password, returnSecureToken: true }),
  });
  const { idToken, error } = await answer.json();
  if (error) throw new Error("The sign-in was refused: the e-mail address or the password is wrong.");
  sessionStorage.setItem(SESSION, JSON.stringify({ email, idToken }));
}

/** What the API answered. Throws its sentence, with the field it is about. */
async function api(method, path, body) {
  const answer = await fetch(`${apiUrl}/v1/integrations${path}`, {
    method,
    headers: { Authorization: `Bearer ${session().idToken}`, ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const answered = await answer.json();
  if (answer.status === 401) {
    sessionStorage.removeItem(SESSION);
    await show();
    throw new Error("The session has ended: sign in again.");
  }
  if (!answer.ok) {
    const { message: summary, details = [] } = answered.error;
    const lines = details.filter(({ message }) => message !== summary).map(({ field, message }) => `${field}: ${message}`);
    throw new Error([summary, ...lines].join("\n"));
  }
  return answered;
}

/** Does it, and shows what came of it; whatever goes wrong becomes a sentence on the page. */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    tell(error.message, true);
  }
}

function element(name, text = "", ...children) {
  const made = document.createElement(name);
  made.textContent = text;
  made.append(...children);
  return made;
}

function button(text, label, work) {
  const made = element("button", text);
  made.setAttribute("aria-label", label);
  made.addEventListener("click", () => attempt(work));
  return made;
}

function accountItem(account) {
  const { platform, accountId, displayName, username, status, tokenExpiresAt } = account;
  const until = tokenExpiresAt ? `, token until ${new Date(tokenExpiresAt).toLocaleString()}` : "";
  return element(
    "li",
    "",
    element("span", displayName ?? username ?? accountId),
    element("small", `${accountId}: ${status}${until}`),
    button("Disconnect", `Disconnect ${accountId} from ${platform}`, async () => {
      const { revoked } = await api("DELETE", `/${platform}/accounts/${encodeURIComponent(accountId)}`);
      tell(`${accountId} is forgotten here${revoked ? ", and its tokens were revoked at the platform" : ""}.`);
      await show();
    }),
  );
}

function platformRow([platform, label], accounts) {
  const mine = accounts.filter((account) => account.platform === platform);
  const listed = mine.length ? element("ul", "", ...mine.map(accountItem)) : "none";
  const connect = button("Connect", `Connect ${label}`, async () => {
    const { authorizationUrl } = await api("POST", `/${platform}/connect`);
    location.assign(authorizationUrl);
  });
  return element("tr", "", element("td", label), element("td", "", listed), element("td", "", connect));
}

async function show() {
  const signedIn = session();
  at("sign-in").hidden = Boolean(signedIn);
  at("signed-in").hidden = !signedIn;
  if (!signedIn) return;
  at("who").textContent = signedIn.email;
  const { accounts } = await api("GET", "");
  at("platforms").replaceChildren(...Object.entries(platforms).map((row) => platformRow(row, accounts)));
}

/** The second half of connecting: the person came back from the platform. */
async function complete() {
  const told = Object.fromEntries(new URLSearchParams(location.search));
  if (!told.platform || !session()) return;
  // The code works once: reloading the page must not send it again.
  history.replaceState(null, "", location.pathname);
  const label = platforms[told.platform];
  if (!label) throw new Error("This address names no platform.");
  if (told.error) throw new Error(`${label} was not connected: ${told.error_description ?? told.error}`);
  const { accounts } = await api("POST", `/${told.platform}/complete`, { code: told.code ?? "", state: told.state ?? "" });
  const notes = accounts.flatMap((account) => account.notes);
  tell([`Connected: ${accounts.map(({ displayName, accountId }) => displayName ?? accountId).join(", ")}`, ...notes].join(". "));
}

async function refresh() {
  await attempt(complete);
  await attempt(show);
}

at("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const { email, password } = event.target;
  attempt(async () => {
    await signIn(email.value, password.value);
    tell("");
    await refresh();
  });
});
at("sign-out").addEventListener("click", () => {
  sessionStorage.removeItem(SESSION);
  tell("");
  attempt(show);
});
await refresh();
