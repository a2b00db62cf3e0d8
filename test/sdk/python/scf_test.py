"""The vendor's Python SDK, unmodified, against a running server: OPENSCF_ENDPOINT, OPENSCF_SECRET_ID, OPENSCF_SECRET_KEY."""
import base64
import io
import json
import os
import time
import unittest
import zipfile

from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models, scf_client

CODE = {
    "index.js": "exports.main_handler = async event => ({ hello: event.name, at: process.env.STAGE });",
}

# Of WebSocket clients: only there so that nothing hangs.
PATIENT = {"open_timeout": 60, "close_timeout": 60, "ping_timeout": 60}


def package(files=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (files or CODE).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if name == "scf_bootstrap" else 0o644) << 16
            archive.writestr(entry, text)
    return base64.b64encode(buffer.getvalue()).decode()


def client(sign_method="TC3-HMAC-SHA256", req_method="POST", unsigned=False, secret_key=None, language="zh-CN"):
    profile = ClientProfile(
        signMethod=sign_method,
        language=language,
        httpProfile=HttpProfile(protocol="http", endpoint=os.environ["OPENSCF_ENDPOINT"], reqMethod=req_method),
    )
    # Not a parameter of the constructor in this SDK.
    profile.unsignedPayload = unsigned
    keys = credential.Credential(os.environ["OPENSCF_SECRET_ID"], secret_key or os.environ["OPENSCF_SECRET_KEY"])
    return scf_client.ScfClient(keys, "ap-guangzhou", profile)


def request(kind, **fields):
    made = getattr(models, kind + "Request")()
    made.from_json_string(json.dumps(fields))
    return made


def wait_active(scf, name, qualifier="$LATEST"):
    for _ in range(600):
        answer = scf.GetFunction(request("GetFunction", FunctionName=name, Qualifier=qualifier))
        if answer.Status not in ("Creating", "Updating", "Publishing"):
            return answer
        time.sleep(0.1)
    raise AssertionError("still " + answer.Status)


class Python(unittest.TestCase):
    VARIANTS = [
        ("TC3-HMAC-SHA256", "POST", False),
        ("TC3-HMAC-SHA256", "POST", True),
        ("TC3-HMAC-SHA256", "GET", False),
        ("HmacSHA256", "POST", False),
        ("HmacSHA1", "GET", False),
    ]

    def test_life_of_a_function(self):
        for index, variant in enumerate(self.VARIANTS):
            with self.subTest(variant=variant):
                self.walk(client(*variant), "py-sdk-%d" % index)

    def walk(self, scf, name):
        scf.CreateFunction(request(
            "CreateFunction", FunctionName=name, Code={"ZipFile": package()}, Handler="index.main_handler", Runtime="Nodejs18.15",
            MemorySize=128, Timeout=60, Environment={"Variables": [{"Key": "STAGE", "Value": "one"}]}))
        self.assertEqual(wait_active(scf, name).Status, "Active")
        result = scf.Invoke(request("Invoke", FunctionName=name, ClientContext='{"name": "you"}', LogType="Tail")).Result
        self.assertEqual(json.loads(result.RetMsg), {"hello": "you", "at": "one"})
        self.assertEqual((result.ErrMsg, result.InvokeResult), ("", 0))
        self.assertIn("START RequestId:", result.Log)
        self.assertGreater(result.MemUsage, 1000000)

        version = scf.PublishVersion(request("PublishVersion", FunctionName=name, Description="first")).FunctionVersion
        self.assertEqual(version, "1")
        wait_active(scf, name, "1")
        scf.CreateAlias(request("CreateAlias", FunctionName=name, Name="live", FunctionVersion="1"))
        scf.UpdateFunctionConfiguration(request(
            "UpdateFunctionConfiguration", FunctionName=name, Environment={"Variables": [{"Key": "STAGE", "Value": "two"}]}))
        wait_active(scf, name)
        for qualifier, stage in (("live", "one"), ("1", "one"), ("$LATEST", "two")):
            answer = scf.InvokeFunction(request("InvokeFunction", FunctionName=name, Qualifier=qualifier, Event='{"name": "q"}'))
            self.assertEqual(json.loads(answer.Result.RetMsg)["at"], stage)

        scf.CreateTrigger(request(
            "CreateTrigger", FunctionName=name, TriggerName="tick", Type="timer", TriggerDesc="0 0 3 * * * *", Enable="OPEN", CustomArgument="hi"))
        triggers = scf.ListTriggers(request("ListTriggers", FunctionName=name)).Triggers
        self.assertEqual([(t.Type, t.Enable, json.loads(t.TriggerDesc)) for t in triggers], [("timer", 1, {"cron": "0 0 3 * * * *"})])
        scf.DeleteTrigger(request("DeleteTrigger", FunctionName=name, TriggerName="tick", Type="timer"))
        self.assertEqual(scf.ListAliases(request("ListAliases", FunctionName=name)).TotalCount, 2)
        self.assertIn(name, [f.FunctionName for f in scf.ListFunctions(request("ListFunctions", Limit=100)).Functions])

        with self.assertRaises(TencentCloudSDKException) as caught:
            scf.DeleteFunctionVersion(request("DeleteFunctionVersion", FunctionName=name, Qualifier="1"))
        self.assertEqual(caught.exception.code, "UnsupportedOperation.AliasBind")
        scf.DeleteFunction(request("DeleteFunction", FunctionName=name))
        for _ in range(600):
            try:
                scf.GetFunction(request("GetFunction", FunctionName=name))
            except TencentCloudSDKException as error:
                self.assertIn(error.code, ("ResourceNotFound.Function", "ResourceNotFound.FunctionName"))
                return
            time.sleep(0.1)
        self.fail("the function is still there")

    def test_errors_are_seen_as_errors(self):
        with self.assertRaises(TencentCloudSDKException) as caught:
            client(secret_key="wrong").ListFunctions(request("ListFunctions"))
        self.assertEqual(caught.exception.code, "AuthFailure.SignatureFailure")
        with self.assertRaises(TencentCloudSDKException) as caught:
            client(language="en-US").GetFunction(request("GetFunction", FunctionName="not-there"))
        self.assertEqual(caught.exception.code, "ResourceNotFound.Function")
        self.assertTrue(caught.exception.message.isascii())
        with self.assertRaises(TencentCloudSDKException) as caught:
            client().CreateFunction(request("CreateFunction", FunctionName="bad-zip", Code={"ZipFile": "bm8gemlw"}, Runtime="Nodejs18.15"))
        self.assertEqual(caught.exception.code, "InvalidParameterValue.ZipFile")

    def test_a_failing_function_is_a_result(self):
        scf = client()
        scf.CreateFunction(request(
            "CreateFunction", FunctionName="py-sdk-fails", Runtime="Nodejs18.15", Handler="index.main_handler",
            Code={"ZipFile": package({"index.js": "exports.main_handler = async () => { throw new Error('boom') }"})}))
        wait_active(scf, "py-sdk-fails")
        result = scf.Invoke(request("Invoke", FunctionName="py-sdk-fails", ClientContext="{}")).Result
        error = json.loads(result.RetMsg)
        self.assertEqual((error["statusCode"], error["errorCode"]), (430, -1))
        self.assertIn("boom", error["stackTrace"])
        self.assertNotEqual(result.InvokeResult, 0)
        scf.DeleteFunction(request("DeleteFunction", FunctionName="py-sdk-fails"))


if __name__ == "__main__":
    unittest.main()
