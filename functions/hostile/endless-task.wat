;; A component of WASI 0.3 in its lowered form whose task yields for ever and never waits.
(module
  (import "ferry:abi" "request" (func $request (result i32)))
  (import "ferry:abi" "next_event" (func $next_event (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "ferry:http")
    (drop (call $request))
    (loop $again
      (drop (call $next_event (i32.const 1)))  ;; YIELD
      (br $again))))
