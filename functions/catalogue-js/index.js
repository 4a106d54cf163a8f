// A small web service in JavaScript, as a component: a catalogue of books that is searched over HTTP.
//
//   GET /books?q=WORDS&limit=N   those that have all words, the best first
//   GET /books/ID                one of them
//
// Answers carry an ETag; a request whose If-None-Match has it is answered 304 without a body. Any
// page may ask (CORS). ../README.md has the contract.
import { books } from './books.js';
import { search } from './search.js';

const MOST = 20;
const SHARED = { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=60' };

addEventListener('fetch', (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method === 'OPTIONS') {
    return new Response(null, {
      status: 204,
      headers: { ...SHARED, 'access-control-allow-methods': 'GET, HEAD, OPTIONS' },
    });
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return problem(405, `${request.method} is not offered`, { allow: 'GET, HEAD, OPTIONS' });
  }
  const parts = pathname.split('/').filter(Boolean);
  if (parts[0] !== 'books' || parts.length > 2) return problem(404, 'there are /books and /books/ID');
  if (parts.length === 2) {
    const book = books.find(({ id }) => id === decodeURIComponent(parts[1]));
    return book ? cached(request, book) : problem(404, 'there is no such book');
  }
  const limit = Number(searchParams.get('limit') ?? MOST);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    return problem(400, `limit is a whole number from 1 to ${MOST}`);
  }
  const words = searchParams.get('q') ?? '';
  const found = search(words);
  console.error(`catalogue: ${JSON.stringify(words)}: ${found.length} found`);
  return cached(request, { found: found.length, books: found.slice(0, limit) });
}

async function cached(request, value) {
  const body = JSON.stringify(value);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body));
  const hex = [...new Uint8Array(digest.slice(0, 12))].map((byte) => byte.toString(16).padStart(2, '0'));
  const headers = { ...SHARED, etag: `"${hex.join('')}"` };
  const known = (request.headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim());
  if (known.includes(headers.etag) || known.includes('*')) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(request.method === 'HEAD' ? null : body, {
    headers: { ...headers, 'content-type': 'application/json' },
  });
}

function problem(status, detail, headers = {}) {
  return new Response(JSON.stringify({ status, detail }), {
    status,
    headers: { ...SHARED, ...headers, 'content-type': 'application/problem+json' },
  });
}
