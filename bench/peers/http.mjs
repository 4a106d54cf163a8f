// The Node peer: hello on node:http.
import { createServer } from 'node:http';

createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    const reply = JSON.stringify({ message: `Hello, ${JSON.parse(body).name}!` });
    response.writeHead(200, { 'Content-Type': 'application/json',
                              'Content-Length': Buffer.byteLength(reply) });
    response.end(reply);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
