;; A component of wasi:http in its lowered form that never ends, and calls nobody.
(module
  (memory (export "memory") 1)
  (func (export "ferry:http")
    (loop $again (br $again))))
