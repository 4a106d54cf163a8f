;; Declares 4 GiB of memory as its minimum: more than any sensible limit, before it has run.
(module
  (memory (export "memory") 65536)
  (func (export "_start")))
