#!/usr/bin/env python3
"""The contract of OpenWhisk's action containers, case by case, over a real socket and real pipes:
what Apache's own suites state (BasicActionRunnerTests, the docker skeleton), web actions, the
single-entrypoint contract, and what somebody hostile would send."""
import argparse
import base64
import concurrent.futures
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

from container import SENTINEL, Container

OPTIONS = None


def path_of(*parts):
    return os.path.join(OPTIONS.build, *parts)


def wasm(name):
    with open(path_of("functions", name + ".wasm"), "rb") as file:
        return file.read()


def b64(data):
    return base64.b64encode(data).decode()


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


class Case(unittest.TestCase):
    """Each test has a container of its own, waiting for /init."""

    arguments = []

    def setUp(self):
        self.box = Container([path_of("bin", "ferry-host-full"), "--key", self.key(),
                              *self.arguments])
        self.addCleanup(self.box.close)

    def key(self):
        return os.path.join(OPTIONS.packed, "ferry.pub")

    def init(self, name="hostile/obey", **more):
        status, body = self.box.init(b64(wasm(name)), **more)
        self.assertEqual((status, body), (200, {"ok": True}))

    def do(self, what, **more):
        return self.box.run({"do": what}, **more)


class Init(Case):
    def test_without_code_fails(self):
        status, body = self.box.post("/init", {})
        self.assertNotEqual(status, 200)
        self.assertEqual(body["error"], "Missing main/no code to execute.")

    def test_empty_and_null_code_fail(self):
        self.assertNotEqual(self.box.init("")[0], 200)
        self.assertNotEqual(self.box.init(None)[0], 200)

    def test_twice_is_refused_and_logged_without_a_sentinel(self):
        self.init()
        status, body = self.box.init(b64(wasm("hello-c")))
        self.assertEqual((status, body["error"]),
                         (403, "Cannot initialize the action more than once."))
        self.do("echo")
        err = self.box.err.wait_for(1)
        self.assertIn("Cannot initialize the action more than once.", err)
        self.assertEqual(err.count(SENTINEL), 1)
        self.assertEqual(self.box.out.wait_for(1).count(SENTINEL), 1)

    def test_after_one_that_failed_works(self):
        self.assertNotEqual(self.box.init("AAAA")[0], 200)
        self.init()
        self.assertEqual(self.do("array"), (200, [1, {"two": 3}]))

    def test_junk_is_refused_in_words(self):
        for body in [b"", b"{", b"[]", b"null", b'{"value":', b'{"value":[]}', b'{"value":{"code":7}}',
                     b'{"value":{"env":[]}}', b'\xff\xfe', b'{"value":{"env":{"A=B":"x"}}}',
                     b'{"a":' * 600]:
            status, data = self.box.post_raw("/init", body)
            self.assertGreaterEqual(status, 400, body)
            self.assertTrue(json.loads(data)["error"], body)
        self.init()

    def test_code_that_is_no_function_is_refused_in_words(self):
        cases = {
            "not base64 at all!": "not base64",
            b64(b"plain text"): "bundle",
            b64(b"\0asm\1\0\0\0"): "",
            b64(wasm("hostile/no-entry")): "",
            b64(wasm("hostile/unknown-import")): "",
            b64(wasm("hostile/obey")[:1000]): "",
        }
        for code, expected in cases.items():
            status, body = self.box.init(code)
            self.assertEqual(status, 502, body)
            self.assertIn(expected, body["error"])

    def test_raw_wasm_sent_as_text_says_what_to_do(self):
        status, body = self.box.init("\0asm\1\0\0\0 and more")
        self.assertEqual(status, 502)
        self.assertIn("base64", body["error"])

    def test_environment_is_set_and_the_empty_string_kept(self):
        self.init(env={"__OW_ACTION_NAME": "/ns/test", "MINE": "ünïcode", "EMPTY": "", "NONE": None})
        status, env = self.do("env", api_key="secret")
        self.assertEqual(status, 200)
        self.assertEqual(env["MINE"], "ünïcode")
        self.assertEqual(env["EMPTY"], "")
        self.assertEqual(env["NONE"], "")
        self.assertEqual(env["__OW_API_KEY"], "secret")
        self.assertEqual(env["__OW_ACTIVATION_ID"], "a1b2")
        self.assertEqual(env["__OW_NAMESPACE"], "ns")
        self.assertEqual(env["__OW_TRANSACTION_ID"], "t1")
        self.assertEqual(env["CE_ID"], "a1b2")
        self.assertEqual(env["CE_TYPE"], "openwhisk.activation")


class Zip(Case):
    def test_of_one_function(self):
        status, body = self.box.init(b64(zip_of([("any.wasm", wasm("hostile/obey"))])))
        self.assertEqual(status, 200, body)
        self.assertEqual(self.do("array")[1], [1, {"two": 3}])

    def test_main_selects_among_several(self):
        code = b64(zip_of([("obey.wasm", wasm("hostile/obey")), ("hello.wasm", wasm("hello-c"))]))
        status, body = self.box.init(code)
        self.assertEqual(status, 502)
        self.assertIn("obey, hello", body["error"])
        self.assertEqual(self.box.init(code, main="hello")[0], 200)
        self.assertEqual(self.box.run({"name": "Ada"}), (200, {"message": "Hello, Ada!"}))

    def test_manifest_in_it_counts(self):
        toml = '[limits]\noutput = 10\n'
        self.box.init(b64(zip_of([("f.wasm", wasm("hostile/obey")), ("ferry.toml", toml)])))
        status, body = self.do("binary")
        self.assertEqual(status, 200)
        self.assertEqual(body["error"]["outcome"], "output-too-large")

    def test_folders_are_not_granted(self):
        toml = '[grant]\ndirs = ["/::/all"]\n'
        status, body = self.box.init(
            b64(zip_of([("f.wasm", wasm("hostile/obey")), ("ferry.toml", toml)])))
        self.assertEqual(status, 502)
        self.assertIn("folders", body["error"])

    def test_hostile_archives_are_refused(self):
        link = zipfile.ZipInfo("link.wasm")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        for name, files in {
            "parent": [("../x.wasm", wasm("hello-c"))],
            "absolute": [("/x.wasm", wasm("hello-c"))],
            "link": [(link, "/proc/self/exe")],
            "nothing": [("readme.txt", "x")],
            "bomb": [("x.wasm", bytes(300 << 20))],
            "many": [(f"{i}.txt", "") for i in range(1001)],
        }.items():
            status, body = self.box.init(b64(zip_of(files)))
            self.assertEqual(status, 502, name)
            self.assertTrue(body["error"], name)
        whole = zip_of([("x.wasm", wasm("hello-c"))])
        self.assertEqual(self.box.init(b64(whole[:-10]))[0], 502)
        self.init()


class Bundle(Case):
    def bundle(self):
        with open(os.path.join(OPTIONS.packed, "obey.ferry"), "rb") as file:
            return file.read()

    def test_signed_is_run(self):
        self.assertEqual(self.box.init(b64(self.bundle())), (200, {"ok": True}))
        self.assertEqual(self.do("array"), (200, [1, {"two": 3}]))

    def test_in_a_zip(self):
        code = b64(zip_of([("a.ferry", self.bundle()), ("b.wasm", wasm("hello-c"))]))
        self.assertEqual(self.box.init(code, main="a")[0], 200)
        self.assertEqual(self.do("array"), (200, [1, {"two": 3}]))

    def test_changed_truncated_or_foreign_is_refused(self):
        bundle = self.bundle()
        for at in (0, len(bundle) // 2, len(bundle) - 1):
            changed = bytearray(bundle)
            changed[at] ^= 1
            self.assertEqual(self.box.init(b64(bytes(changed)))[0], 502, at)
        for size in (0, 1, 100, len(bundle) // 2, len(bundle) - 1):
            self.assertEqual(self.box.init(b64(bundle[:size]))[0], 502, size)
        with open(os.path.join(OPTIONS.packed, "foreign.ferry"), "rb") as file:
            status, body = self.box.init(b64(file.read()))
        self.assertEqual(status, 502)
        self.assertIn("another key", body["error"])


class Run(Case):
    def test_before_init_is_an_error(self):
        status, body = self.box.run({})
        self.assertEqual((status, body["error"]), (500, "no action defined yet"))

    def test_echoes_nested_values_and_unicode_with_log_and_one_sentinel_a_stream(self):
        self.init()
        value = {"a": [1, 2.5, None, True, {"b": "☃ 雪 \U0001f600", "c": ""}], "": {}}
        self.assertEqual(self.box.run(value), (200, value))
        out = self.box.out.wait_for(1)
        self.assertEqual(out, ["hello log ☃", SENTINEL])
        self.assertEqual(self.box.err.wait_for(1).count(SENTINEL), 1)

    def test_echoes_an_array(self):
        self.init()
        self.assertEqual(self.box.run([1, {"x": 2}]), (200, [1, {"x": 2}]))

    def test_echoes_the_largest_argument(self):
        self.init()
        value = {"p": "x" * (1_048_561 - 8)}
        self.assertEqual(self.box.run(value), (200, value))

    def test_keeps_digits_and_order(self):
        self.init()
        body = b'{"value":{"z":1.10,"a":12345678901234567890,"m":1e400}}'
        status, data = self.box.post_raw("/run", body)
        self.assertEqual((status, data), (200, body[len('{"value":'):-1]))

    def test_without_a_value_has_no_arguments(self):
        """BasicActionRunnerTests posts {} to /run; it was answered as a value of a wrong type."""
        self.init()
        status, data = self.box.post("/run", {})
        self.assertEqual((status, data), (200, {}))

    def test_writes_nothing_of_its_own_before_the_first_activation(self):
        """What a container says before is in its first activation's log."""
        self.init()
        self.do("array")
        self.assertEqual(self.box.err.wait_for(1), [SENTINEL])
        self.assertEqual(self.box.out.wait_for(1), [SENTINEL])

    def test_the_api_host_reaches_the_function(self):
        self.init()
        self.assertEqual(self.do("env")[1]["__OW_API_HOST"], "http://127.0.0.1")

    def test_value_that_is_no_object_is_an_error_with_sentinels(self):
        self.init()
        for value in ["A", 1, None, True]:
            status, _ = self.box.run(value)
            self.assertEqual(status, 404, value)
        self.assertEqual(self.box.out.wait_for(4).count(SENTINEL), 4)

    def test_junk_is_refused_and_harms_nobody(self):
        self.init()
        for body in [b"", b"{", b"[]", b'{"value":{"a":}}', b"\xff", b"[" * 2000]:
            status, data = self.box.post_raw("/run", body)
            self.assertEqual(status, 400, body)
            self.assertTrue(json.loads(data)["error"])
        self.assertEqual(self.do("array")[0], 200)

    def test_other_paths_and_methods_are_refused(self):
        self.assertEqual(self.box.post_raw("/other", b"{}")[0], 404)
        self.assertEqual(self.box.post_raw("/run", None, method="GET")[0], 405)


class Outcomes(Case):
    def test_a_guests_fault_is_an_application_error(self):
        self.init()
        for what, outcome in {"exit": "failed", "trap": "trapped"}.items():
            status, body = self.do(what)
            self.assertEqual(status, 200, what)
            self.assertEqual(body["error"]["outcome"], outcome)
            self.assertTrue(body["error"]["detail"])
        self.assertIn("leaving with 3", self.box.out.wait_for(2))

    def test_the_deadline_of_the_activation_ends_it(self):
        self.init()
        status, body = self.do("loop", deadline=str(int(time.time() * 1000) + 1000))
        self.assertEqual(status, 200)
        self.assertEqual(body["error"]["outcome"], "timeout")

    def test_a_deadline_that_is_past_or_absurd_harms_nobody(self):
        self.init()
        self.assertEqual(self.do("loop", deadline="1")[1]["error"]["outcome"], "timeout")
        for deadline in ["9" * 30, "-5", "soon", 5, None, str(2**63 - 1)]:
            self.assertEqual(self.do("array", deadline=deadline)[0], 200, deadline)

    def test_no_reply_is_an_empty_object(self):
        self.init()
        self.assertEqual(self.do("nothing"), (200, {}))

    def test_text_and_bytes_are_wrapped(self):
        self.init()
        self.assertEqual(self.do("text"), (200, {
            "datacontenttype": "text/plain; charset=utf-8", "data": "plain ☃ text"}))
        self.assertEqual(self.do("binary"), (200, {
            "datacontenttype": "application/octet-stream",
            "data_base64": b64(bytes(range(256)))}))

    def test_a_scalar_is_an_error(self):
        self.init()
        status, body = self.do("scalar")
        self.assertNotEqual(status, 200)
        self.assertEqual(body["error"], "The action did not return a dictionary or array.")

    def test_a_cloudevent_as_argument_is_that_event(self):
        self.init()
        _, env = self.box.run({"specversion": "1.0", "id": "9", "source": "/s", "type": "t.x",
                               "data": {"do": "env"}})
        self.assertEqual((env["CE_ID"], env["CE_TYPE"]), ("9", "t.x"))


class Many(Case):
    def test_at_once_each_with_its_lines_together(self):
        self.init()
        count = 200

        def one(i):
            return self.do("log", activation_id=f"id{i:04}")

        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(one, range(count)))
        for i, (status, body) in enumerate(answers):
            self.assertEqual((status, body), (200, {"id": f"id{i:04}"}))
        out = self.box.out.wait_for(count)
        self.assertEqual(len(out), count * 201)
        seen = set()
        for start in range(0, len(out), 201):
            chunk = out[start:start + 201]
            owner = chunk[0].split(" ")[3].rstrip(",")
            for number, line in enumerate(chunk[:200]):
                self.assertTrue(line.startswith(f"line {number} of {owner},"), line)
            self.assertEqual(chunk[200], SENTINEL)
            seen.add(owner)
        self.assertEqual(len(seen), count)
        self.assertEqual(self.box.err.wait_for(count).count(SENTINEL), count)

    def test_one_that_never_ends_does_not_harm_its_neighbours(self):
        self.init()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            endless = [pool.submit(self.do, "loop", deadline=str(int(time.time() * 1000) + 3000))
                       for _ in range(3)]
            for _ in range(50):
                self.assertEqual(self.do("array")[1], [1, {"two": 3}])
            for future in endless:
                self.assertEqual(future.result()[1]["error"]["outcome"], "timeout")

    def test_state_does_not_pass_from_one_to_the_next(self):
        self.init()
        self.do("env", api_key="secret")
        _, env = self.do("env")
        self.assertNotIn("__OW_API_KEY", env)

    def test_a_sentinel_of_the_function_is_not_taken_for_ours(self):
        self.init()
        self.do("sentinel")
        self.do("array")
        out = self.box.out.wait_for(2)
        self.assertEqual(out.count(SENTINEL), 2)
        self.assertEqual(out[0], "before")
        self.assertEqual(out[2], "after")

    def test_inits_at_once_let_one_win(self):
        code = b64(wasm("hostile/obey"))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            codes = sorted(status for status, _ in pool.map(lambda _: self.box.init(code), range(8)))
        self.assertEqual(codes, [200] + [403] * 7)


class Web(Case):
    def test_request_reaches_the_function_and_its_answer_goes_back(self):
        self.init()
        status, body = self.box.run({
            "__ow_method": "post", "__ow_path": "/a/b", "__ow_query": "x=1",
            "__ow_headers": {"content-type": "application/json", "accept-language": "de"},
            "__ow_body": b64(b'{"do":"env"}')})
        self.assertEqual((status, body["statusCode"]), (200, 200))
        self.assertEqual(body["headers"]["content-type"], "application/json")
        env = body["body"]
        self.assertEqual(env["CE_TYPE"], "http.request")
        self.assertEqual(env["CE_SUBJECT"], "/a/b")
        self.assertEqual(env["CE_HTTPMETHOD"], "POST")
        self.assertEqual(env["CE_HTTPQUERY"], "x=1")

    def test_parameters_that_openwhisk_read_are_the_body(self):
        self.init()
        _, body = self.box.run({"__ow_method": "get", "__ow_path": "", "__ow_headers": {},
                                "do": "echo", "n": 1})
        self.assertEqual(body["body"], {"do": "echo", "n": 1})

    def test_result_form_is_the_reply_itself(self):
        self.init(env={"FERRY_WEB": "result"})
        value = {"__ow_method": "get", "__ow_headers": {}, "do": "echo"}
        self.assertEqual(self.box.run(value), (200, {"do": "echo"}))
        self.assertEqual(self.box.run({**value, "do": "text"}), (200, {"body": "plain ☃ text"}))

    def test_text_is_a_string_and_bytes_are_base64(self):
        self.init()
        _, body = self.box.run({"__ow_method": "get", "__ow_headers": {}, "do": "text"})
        self.assertEqual(body["body"], "plain ☃ text")
        _, body = self.box.run({"__ow_method": "get", "__ow_headers": {}, "do": "binary"})
        self.assertEqual(body["headers"]["content-type"], "application/octet-stream")
        self.assertEqual(base64.b64decode(body["body"]), bytes(range(256)))

    def test_a_failure_is_an_application_error_with_its_status(self):
        self.init()
        status, body = self.box.run({"__ow_method": "get", "__ow_headers": {}, "do": "trap"})
        self.assertEqual(status, 200)
        self.assertEqual(body["error"]["statusCode"], 500)
        self.assertEqual(body["error"]["body"]["outcome"], "trapped")
        self.assertEqual(self.box.out.wait_for(1).count(SENTINEL), 1)

    def test_hostile_parameters_are_refused(self):
        self.init()
        for value in [{"__ow_method": "GET / HTTP/1.1\r\nX:"}, {"__ow_method": ""},
                      {"__ow_method": "get", "__ow_headers": []},
                      {"__ow_method": "get", "__ow_headers": {"bad name": "x\r\ny: z"},
                       "__ow_path": "/a b\r\n", "do": "nothing"}]:
            status, _ = self.box.run(value)
            self.assertIn(status, (200, 400), value)
        self.assertEqual(self.do("array")[0], 200)


class SingleEntrypoint(Case):
    def test_init_and_run_in_one(self):
        status, body = self.box.post("/", {
            "init": {"name": "f", "main": "main", "code": b64(wasm("hello-c")), "binary": True},
            "activation": {"namespace": "n", "activation_id": "7"}, "value": {"name": "Ada"}})
        self.assertEqual((status, body), (200, {"message": "Hello, Ada!"}))
        self.assertEqual(self.box.post("/", {"value": {"name": "Bob"}}),
                         (200, {"message": "Hello, Bob!"}))

    def test_init_alone(self):
        status, body = self.box.post("/", {"init": {"code": b64(wasm("hostile/obey"))}})
        self.assertEqual((status, body), (200, {"ok": True}))
        _, env = self.box.post("/", {"activation": {"activation_id": "7"}, "value": {"do": "env"}})
        self.assertEqual(env["__OW_ACTIVATION_ID"], "7")


class Blackbox(unittest.TestCase):
    """A container that holds its function: ferry-host without a compiler, a bundle beside it."""

    def setUp(self):
        self.box = Container([path_of("bin", "ferry-host"), "--bundle",
                              os.path.join(OPTIONS.packed, "obey.ferry")])
        self.addCleanup(self.box.close)

    def test_init_needs_no_code(self):
        self.assertEqual(self.box.init()[0], 200)
        self.assertEqual(self.box.run({"do": "array"}), (200, [1, {"two": 3}]))

    def test_code_is_refused(self):
        status, body = self.box.init(b64(wasm("hello-c")))
        self.assertEqual(status, 502)
        self.assertIn("holds its function", body["error"])

    def test_ends_well_when_told(self):
        self.assertEqual(self.box.init()[0], 200)
        self.assertEqual(self.box.process.poll(), None)
        self.box.process.terminate()
        self.assertEqual(self.box.process.wait(30), 0)


class WithoutCompiler(unittest.TestCase):
    def test_wasm_is_refused_in_words(self):
        with tempfile.TemporaryDirectory() as empty:
            box = Container([path_of("bin", "ferry-host"), "--key",
                             os.path.join(OPTIONS.packed, "ferry.pub")], HOME=empty)
            self.addCleanup(box.close)
            status, body = box.init(b64(wasm("hello-c")))
            self.assertEqual(status, 502)
            self.assertIn("no compiler", body["error"])


def pack(name, folder, **env):
    subprocess.run([path_of("bin", "ferry"), "pack", path_of("functions", name), "--for",
                    "openwhisk", "-o", folder, "--quiet", "--no-snapshot"], check=True,
                   env={**os.environ, **env})


def main():
    global OPTIONS
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    OPTIONS, rest = parser.parse_known_args()
    for needed in ("bin/ferry-host", "bin/ferry-host-full", "bin/ferry",
                   "functions/hostile/obey.wasm", "functions/hello-c.wasm"):
        if not os.path.exists(path_of(needed)):
            print(f"skipped: there is no {path_of(needed)}")
            sys.exit(77)
    with tempfile.TemporaryDirectory() as packed:
        OPTIONS.packed = packed
        pack("hostile/obey.wasm", packed + "/other", XDG_DATA_HOME=packed + "/other-key")
        pack("hostile/obey.wasm", packed, XDG_DATA_HOME=packed + "/key")
        os.rename(packed + "/other/obey.ferry", packed + "/foreign.ferry")
        unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
