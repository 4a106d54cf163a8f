// fetch as a component: the request's body is a URL; what it answers is passed on. The manifest
// says which services it may reach (docs/network.md).
async function answer(request) {
  const url = await request.text();
  try {
    const response = await fetch(url);
    return new Response(await response.text(), { status: response.status });
  } catch (error) {
    return new Response(`${error}\n`, { status: 502 });
  }
}

addEventListener("fetch", (event) => event.respondWith(answer(event.request)));
