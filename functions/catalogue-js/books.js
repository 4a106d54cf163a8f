export const books = [
  { id: 'frankenstein', title: 'Frankenstein; or, The Modern Prometheus', author: 'Mary Shelley', year: 1818 },
  { id: 'jane-eyre', title: 'Jane Eyre', author: 'Charlotte Brontë', year: 1847 },
  { id: 'wuthering-heights', title: 'Wuthering Heights', author: 'Emily Brontë', year: 1847 },
  { id: 'agnes-grey', title: 'Agnes Grey', author: 'Anne Brontë', year: 1847 },
  { id: 'moby-dick', title: 'Moby-Dick; or, The Whale', author: 'Herman Melville', year: 1851 },
  { id: 'les-miserables', title: 'Les Misérables', author: 'Victor Hugo', year: 1862 },
  { id: 'voyage', title: 'Voyage au centre de la Terre', author: 'Jules Verne', year: 1864 },
  { id: 'middlemarch', title: 'Middlemarch', author: 'George Eliot', year: 1871 },
  { id: 'effi-briest', title: 'Effi Briest', author: 'Theodor Fontane', year: 1895 },
  { id: 'time-machine', title: 'The Time Machine', author: 'H. G. Wells', year: 1895 },
  { id: 'dracula', title: 'Dracula', author: 'Bram Stoker', year: 1897 },
  { id: 'buddenbrooks', title: 'Buddenbrooks', author: 'Thomas Mann', year: 1901 },
];
