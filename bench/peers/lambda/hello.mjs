// hello for Node.js on the Runtime API itself: AWS's client for Node.js wants a compiler and curl's
// sources to install, which is more than a benchmark should ask for.
import http from 'node:http';

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const agent = new http.Agent({ keepAlive: true });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(base + path, { method, agent }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve([response.headers, Buffer.concat(parts).toString()]));
    });
    request.on('error', reject);
    request.end(body);
  });
}

for (;;) {
  const [headers, text] = await call('GET', '/next');
  const id = headers['lambda-runtime-aws-request-id'];
  const { name } = JSON.parse(text);
  console.error(`greeting ${name}`);
  await call('POST', `/${id}/response`, JSON.stringify({ message: `Hello, ${name}!` }));
}
