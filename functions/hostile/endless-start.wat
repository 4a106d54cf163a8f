;; The start function never ends: the time limit must hold before the entry point is reached.
(module
  (memory (export "memory") 1)
  (func $forever (loop $again (br $again)))
  (start $forever)
  (func (export "_start")))
