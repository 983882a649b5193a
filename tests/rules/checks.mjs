// What does the web app see of the database, and what is it refused?
// The same checks run in Node and in a browser page: nothing here knows which of the two it is in.
import { initializeApp } from "firebase/app";
import { connectAuthEmulator, inMemoryPersistence, initializeAuth, signInWithEmailAndPassword } from "firebase/auth";
import * as firestore from "firebase/firestore";

// Refusals are what we are after: the SDK need not complain about them.
firestore.setLogLevel("silent");

const clients = {};

/** Make the client `name`, signed in unless there is no email. */
export async function open({ name, projectId, authUrl, firestoreHost, email, password }) {
  const app = initializeApp({ projectId, apiKey: "local" }, name);
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, authUrl, { disableWarnings: true });
  const db = firestore.getFirestore(app);
  const [host, port] = firestoreHost.split(":");
  firestore.connectFirestoreEmulator(db, host, Number(port));
  const uid = email ? (await signInWithEmailAndPassword(auth, email, password)).user.uid : null;
  clients[name] = { db, uid, watched: {}, errors: [] };
  return uid;
}

/** What became of each attempt: the documents it gave by id, or the code of its refusal. */
export async function tries({ name, attempts }) {
  const outcomes = [];
  // One after the other: the SDK would show a read the writes that it has not sent yet.
  for (const attempt of attempts) {
    try {
      outcomes.push(found(await kinds[attempt.kind](clients[name].db, attempt)));
    } catch (error) {
      outcomes.push(error.code ?? String(error));
    }
  }
  return outcomes;
}

const kinds = {
  get: (db, { path }) => firestore.getDocFromServer(firestore.doc(db, path)),
  list: (db, attempt) => firestore.getDocsFromServer(asQuery(db, attempt)),
  listGroup: (db, attempt) => firestore.getDocsFromServer(asQuery(db, attempt, firestore.collectionGroup)),
  count: (db, attempt) => firestore.getCountFromServer(asQuery(db, attempt)),
  listenDocument: (db, { path }) => firstOf(firestore.doc(db, path)),
  listen: (db, attempt) => firstOf(asQuery(db, attempt)),
  // As a web app does with what it has just been told the id of: the document may come later.
  listenUntilDone: (db, { path }) => firstOf(firestore.doc(db, path), (answer) => Boolean(answer.data()?.completedAt)),
  set: (db, { path, fields }) => firestore.setDoc(firestore.doc(db, path), fields),
  merge: (db, { path, fields }) => firestore.setDoc(firestore.doc(db, path), fields, { merge: true }),
  update: (db, { path, fields }) => firestore.updateDoc(firestore.doc(db, path), fields),
  delete: (db, { path }) => firestore.deleteDoc(firestore.doc(db, path)),
  add: (db, { path, fields }) => firestore.addDoc(firestore.collection(db, path), fields),
  // A transaction commits on its own, not through the stream that the other writes share.
  transact: (db, { path, fields }) =>
    firestore.runTransaction(db, async (transaction) => transaction.set(firestore.doc(db, path), fields), { maxAttempts: 1 }),
};

function asQuery(db, { path, where }, collection = firestore.collection) {
  return firestore.query(collection(db, path), ...where.map((filter) => firestore.where(...filter)));
}

/** The first snapshot that is the server's, and that is `enough`. */
function firstOf(target, enough = () => true) {
  return new Promise((resolve, reject) => {
    const answered = (settle) => (answer) => {
      if (answer.metadata && (answer.metadata.fromCache || !enough(answer))) return;
      stop();
      settle(answer);
    };
    const stop = firestore.onSnapshot(target, { includeMetadataChanges: true }, answered(resolve), answered(reject));
  });
}

function found(answer) {
  const documents = answer?.docs ?? (answer?.exists?.() ? [answer] : []);
  return Object.fromEntries(documents.map((document) => [document.id, document.data()]));
}

/** Listen as the web app does: to one's own posts, and to the runs of each; answers once the server has. */
export async function watch({ name }) {
  const client = clients[name];
  await recording(client, "postSubmissions", client.watched, (id, record) => {
    record.runs = {};
    recording(client, `postSubmissions/${id}/runs`, record.runs);
  });
}

/** Everything that the listeners saw so far, in order: `{posts: {id: {seen: [fields], runs: {id: {seen: [fields]}}}}, errors}`. */
export async function watched({ name }) {
  return { posts: clients[name].watched, errors: clients[name].errors };
}

function recording({ db, uid, errors }, path, records, begun = () => {}) {
  return new Promise((resolve) => {
    const refused = (error) => resolve(errors.push(`${path}: ${error.code}`));
    const changed = (snapshot) => {
      for (const { type, doc } of snapshot.docChanges()) {
        if (!(doc.id in records)) begun(doc.id, (records[doc.id] = { seen: [] }));
        records[doc.id].seen.push(type === "removed" ? { status: type } : doc.data());
      }
      if (!snapshot.metadata.fromCache) resolve();
    };
    firestore.onSnapshot(asQuery(db, { path, where: [["uid", "==", uid]] }), { includeMetadataChanges: true }, changed, refused);
  });
}
