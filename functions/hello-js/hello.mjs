// hello in JavaScript, as a component: {"name":"Ada"} in a request's body is answered
// {"message":"Hello, Ada!"}; what hello refuses gets status 400. The contract is in ../README.md.

addEventListener('fetch', (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  const headers = { 'content-type': 'application/json' };
  try {
    const who = nameIn(await request.text());
    console.error(`hello: greeting ${JSON.stringify(who).slice(1, -1)}`);
    return new Response(JSON.stringify({ message: `Hello, ${who}!` }), { headers });
  } catch (error) {
    console.error(`hello: refusing: ${error.message}`);
    return new Response(JSON.stringify({ error: error.message }), { status: 400, headers });
  }
}

function nameIn(text) {
  if (text === '') return 'world';
  let event;
  try {
    event = JSON.parse(text);
  } catch {
    throw new Error('the event is not valid JSON');
  }
  if (event === null) return 'world';
  if (typeof event !== 'object' || Array.isArray(event)) {
    throw new Error('the event is not a JSON object');
  }
  const name = event.name ?? '';
  if (typeof name !== 'string') throw new Error("the event's name is not a string");
  return name === '' ? 'world' : name;
}
