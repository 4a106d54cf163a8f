import { handle } from './handler';

addEventListener('fetch', (event) => {
  const fetched = event as FetchEvent;
  fetched.respondWith(handle(fetched.request));
});
