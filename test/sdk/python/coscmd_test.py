"""The vendor's older command line of object storage, unmodified, against a running server: OPENSCF_COS_ENDPOINT, keys as elsewhere."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

ENDPOINT = os.environ["OPENSCF_COS_ENDPOINT"]
BUCKET = "cmd-1250000000"


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run_it(self, *args, code=0):
        """The cloud's names stay in its addresses; plain HTTP goes to the server as if it were a proxy."""
        program = os.path.join(os.path.dirname(sys.executable), "coscmd")
        proxied = {"HTTP_PROXY": "http://" + ENDPOINT, "http_proxy": "http://" + ENDPOINT, "NO_PROXY": "", "no_proxy": ""}
        env = {**os.environ, **proxied, "HOME": self.folder, "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, program, "-c", self.path("conf"), "-l", self.path("log"), *args]
        done = subprocess.run(command, env=env, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180)
        said = done.stdout.decode()
        self.assertEqual(done.returncode, code, "%s\n%s" % (args, said))
        return said

    def test_life_of_a_bucket(self):
        self.run_it(
            "config", "-a", os.environ["OPENSCF_SECRET_ID"], "-s", os.environ["OPENSCF_SECRET_KEY"], "-b", BUCKET,
            "-r", "ap-guangzhou", "-p", "2", "--do-not-use-ssl")
        self.run_it("createbucket")
        large = os.urandom(30 * 1024 * 1024)
        with open(self.path("large"), "wb") as file:
            file.write(large)
        self.run_it("upload", "large", "a+b 中/large")
        self.assertIn(hashlib.md5(large).hexdigest(), self.run_it("info", "a+b 中/large"))
        self.assertRegex(self.run_it("list", "-r"), r"a\+b 中/large +31457280")
        self.run_it("copy", BUCKET + ".cos.ap-guangzhou.myqcloud.com/a+b 中/large", "copied")
        self.run_it("download", "copied", "down")
        with open(self.path("down"), "rb") as file:
            self.assertEqual(hashlib.md5(file.read()).hexdigest(), hashlib.md5(large).hexdigest())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": "http://" + ENDPOINT}))
        signed = self.run_it("signurl", "copied").strip()
        with opener.open(signed[2:-1] if signed.startswith("b'") else signed) as answer:
            self.assertEqual(len(answer.read()), len(large))

        os.makedirs(self.path("tree", "sub"))
        for names in (("1",), ("sub", "2 中")):
            with open(self.path("tree", *names), "w") as file:
                file.write(names[-1])
        self.assertIn("2 files uploaded, 0 files skipped", self.run_it("upload", "-rs", "tree/", "t/"))
        self.assertIn("0 files uploaded, 2 files skipped", self.run_it("upload", "-rs", "tree/", "t/"))
        self.assertIn("2 files downloaded", self.run_it("download", "-r", "t/", "back/"))
        found = sorted(name for _, _, names in os.walk(self.path("back")) for name in names)
        self.assertEqual(found, ["1", "2 中"])

        self.run_it("putobjectacl", "--grant-read", "anyone", "copied")
        self.assertRegex(self.run_it("getobjectacl", "copied"), "anyone: READ")
        self.run_it("putbucketversioning", "Enabled")
        self.assertIn("Enabled", self.run_it("getbucketversioning"))
        self.assertIn("'code': 'NoSuchResource'", self.run_it("info", "missing", code=255))
        self.assertIn("4 files successful, 0 files failed", self.run_it("delete", "-rf", ""))
        self.assertIn("versionId: null", self.run_it("deletebucket", "-f"))


if __name__ == "__main__":
    unittest.main()
