import { books } from './books.js';

// The engine has no tables of Unicode: no String.normalize, no \p{…}, no Intl.
const PLAIN = { à: 'a', â: 'a', ä: 'a', ç: 'c', è: 'e', é: 'e', ê: 'e', ë: 'e', î: 'i', ï: 'i', ô: 'o', ö: 'o', ù: 'u', û: 'u', ü: 'u' };

// Words of letters and digits, in lower case and without accents.
function wordsOf(text) {
  return text.toLowerCase().replace(/[à-ü]/g, (letter) => PLAIN[letter] ?? letter).match(/[a-z0-9]+/g) ?? [];
}

const index = books.map((book) => ({
  book,
  title: new Set(wordsOf(book.title)),
  all: [...wordsOf(book.title), ...wordsOf(book.author), String(book.year)],
}));

// The books that have every word or its beginning; words of the title count twice. All books where
// no word is given.
export function search(text) {
  const words = wordsOf(text);
  return index
    .filter(({ all }) => words.every((word) => all.some((each) => each.startsWith(word))))
    .map(({ book, title }) => ({
      book,
      weight: words.reduce((sum, word) => sum + (title.has(word) ? 2 : 1), 0),
    }))
    .sort((one, other) => other.weight - one.weight || one.book.year - other.book.year)
    .map(({ book }) => book);
}
