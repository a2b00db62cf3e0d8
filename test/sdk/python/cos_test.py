"""The vendor's Python client of object storage, unmodified, against a running server: OPENSCF_COS_ENDPOINT, keys as elsewhere."""
import hashlib
import http.client
import json
import logging
import os
import shutil
import socket
import tempfile
import unittest
from unittest import mock
from urllib.parse import quote, urlsplit

import crcmod
from qcloud_cos import CosConfig, CosS3Client, CosServiceError
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

# It logs each answer that is no success.
logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)

HOST, PORT = os.environ["OPENSCF_COS_ENDPOINT"].split(":")
KEYS_OF_SERVER = {"SecretId": os.environ["OPENSCF_SECRET_ID"], "SecretKey": os.environ["OPENSCF_SECRET_KEY"]}
REGION = "ap-guangzhou"
MB = 1024 * 1024
# In the order of their bytes.
KEYS = ["a+b & c=d.txt", "it's (*!~).txt", "with space/%20 #?.txt", "中文/文件 名+1.txt"]
crc64 = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)


def by_address(**more):
    """The cloud's names stay in the header Host."""
    return CosS3Client(CosConfig(Region=REGION, Scheme="http", IP=HOST, Port=int(PORT), **{**KEYS_OF_SERVER, **more}))


def by_names(**more):
    """The cloud's names stay in the addresses as well; plain HTTP goes to the server as if it were a proxy."""
    proxies = {"http": "http://%s:%s" % (HOST, PORT)}
    return CosS3Client(CosConfig(Region=REGION, Scheme="http", Proxies=proxies, **{**KEYS_OF_SERVER, **more}))


def md5(content):
    return hashlib.md5(content).hexdigest()


def text_of(answer):
    return answer["Body"].get_raw_stream().read().decode()


def plainly(method, url, body=b""):
    """By a client that knows nothing of signatures; the host of the address stays in the header Host."""
    parts = urlsplit(url)
    path = parts.path + ("?" + parts.query if parts.query else "")
    connection = http.client.HTTPConnection(HOST, int(PORT))
    try:
        connection.request(method, path, body, {"Host": parts.netloc})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class ObjectStore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.cos = by_address()
        cls.bucket = cls.made("objects")
        cls.large = os.urandom(64 * MB)
        cls.large_path = os.path.join(cls.folder, "large")
        with open(cls.large_path, "wb") as file:
            file.write(cls.large)

    @classmethod
    def made(cls, name):
        bucket = "py-%s-1250000000" % name
        cls.cos.create_bucket(Bucket=bucket)
        return bucket

    def put(self, key, body="x", **more):
        return self.cos.put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def refused(self, status, code, message, ask):
        with self.assertRaises(CosServiceError) as caught:
            ask()
        error = caught.exception
        self.assertEqual((error.get_status_code(), error.get_error_code()), (status, code))
        self.assertRegex(error.get_error_msg(), message)
        self.assertTrue(error.get_request_id())
        self.assertNotEqual(error.get_request_id(), "Unknown")
        return error

    def test_buckets(self):
        bucket = self.made("life")
        self.refused(409, "BucketAlreadyOwnedByYou", ".", lambda: self.cos.create_bucket(Bucket=bucket))
        self.assertEqual(self.cos.head_bucket(Bucket=bucket)["x-cos-bucket-region"], REGION)
        # The list of buckets is asked of a host of its own.
        service = by_address(ServiceDomain="%s:%s" % (HOST, PORT))
        found = [one for one in service.list_buckets()["Buckets"]["Bucket"] if one["Name"] == bucket]
        self.assertEqual([one["Location"] for one in found], [REGION])
        self.cos.delete_bucket(Bucket=bucket)
        self.assertFalse(self.cos.bucket_exists(Bucket=bucket))

    def test_large_object_in_parts(self):
        up = self.cos.upload_file(self.bucket, "large", self.large_path, PartSize=8, MAXThread=3, EnableMD5=True)
        self.assertRegex(up["ETag"], '^"[0-9a-f]{32}-8"$')
        self.assertEqual(self.cos.head_object(self.bucket, "large")["Content-Length"], str(64 * MB))
        down = os.path.join(self.folder, "down")
        self.cos.download_file(self.bucket, "large", down, PartSize=8, MAXThread=3)
        with open(down, "rb") as file:
            self.assertEqual(md5(file.read()), md5(self.large))
        start, end = 8 * MB - 3, 8 * MB + 2
        part = self.cos.get_object(self.bucket, "large", Range="bytes=%d-%d" % (start, end))
        self.assertEqual(part["Body"].get_raw_stream().read(), self.large[start:end + 1])
        # In parts, as it does above its threshold to another class; and at once. It looks at the source by the cloud's names.
        source = {"Bucket": self.bucket, "Key": "large", "Region": REGION}
        copier = by_names()
        copier._conf.set_copy_part_threshold_size(16 * MB)
        copied = copier.copy(self.bucket, "in parts", source, PartSize=16, MAXThread=3, StorageClass="STANDARD_IA")
        self.assertRegex(copied["ETag"], '-4"$')
        self.assertEqual(self.cos.head_object(self.bucket, "in parts")["x-cos-storage-class"], "STANDARD_IA")
        by_names().copy(self.bucket, "at once", source)
        for key in ("in parts", "at once"):
            whole = self.cos.get_object(self.bucket, key)["Body"].get_raw_stream().read()
            self.assertEqual(md5(whole), md5(self.large), key)

    def test_sums(self):
        body = os.urandom(300000)
        answer = self.put("sums", body, EnableMD5=True, Metadata={"x-cos-meta-a": "1 中".encode().decode("latin-1")})
        self.assertEqual(answer["ETag"], '"%s"' % md5(body))
        self.assertEqual(answer["x-cos-hash-crc64ecma"], str(crc64(body)))
        down = os.path.join(self.folder, "sums")
        self.cos.download_file(self.bucket, "sums", down, EnableCRC=True)
        with open(down, "rb") as file:
            self.assertEqual(file.read(), body)

    def test_keys_and_lists(self):
        for key in KEYS:
            self.put("keys/" + key, key.encode())
            self.assertEqual(text_of(self.cos.get_object(self.bucket, "keys/" + key)), key)
        wanted = ["keys/" + key for key in KEYS]
        seen, marker = [], ""
        for _ in KEYS:
            page = self.cos.list_objects(self.bucket, "keys/", Marker=marker, MaxKeys=1)
            seen += [one["Key"] for one in page["Contents"]]
            marker = page.get("NextMarker")
        self.assertEqual((seen, page["IsTruncated"]), (wanted, "false"))
        page = self.cos.list_objects(self.bucket, "keys/", "/")
        self.assertEqual([one["Key"] for one in page["Contents"]], wanted[:2])
        self.assertEqual([one["Prefix"] for one in page["CommonPrefixes"]], ["keys/with space/", "keys/中文/"])

    def test_removal(self):
        for key in KEYS:
            self.put("gone/" + key)
        self.cos.delete_object(self.bucket, "gone/" + KEYS[0])
        rest = [{"Key": "gone/" + key} for key in KEYS[1:] + ["never"]]
        answer = self.cos.delete_objects(self.bucket, {"Object": rest})
        self.assertEqual(sorted(one["Key"] for one in answer["Deleted"]), sorted(one["Key"] for one in rest))
        self.assertNotIn("Contents", self.cos.list_objects(self.bucket, "gone/"))
        self.assertFalse(self.cos.object_exists(self.bucket, "gone/" + KEYS[0]))

    def test_presigned(self):
        cos = by_names()
        for key in KEYS:
            put = cos.get_presigned_url(self.bucket, "signed/" + key, "PUT", Expired=60)
            self.assertEqual(plainly("PUT", put, key.encode())[0], 200)
            get = cos.get_presigned_download_url(self.bucket, "signed/" + key, Expired=60)
            self.assertEqual(plainly("GET", get), (200, key.encode()))
            self.assertEqual(plainly("PUT", get, b"other")[0], 403)
            self.assertEqual(plainly("GET", get.replace("signed/", "sign/"))[0], 403)

    def test_versions(self):
        bucket, key = self.made("versions"), "a 中+"
        self.cos.put_bucket_versioning(bucket, "Enabled")
        self.assertEqual(self.cos.get_bucket_versioning(bucket)["Status"], "Enabled")
        for body in ("first", "second"):
            self.cos.put_object(bucket, body, key)
        self.assertEqual(self.cos.delete_object(bucket, key)["x-cos-delete-marker"], "true")
        self.refused(404, "NoSuchKey", ".", lambda: self.cos.get_object(bucket, key))
        listed = self.cos.list_objects_versions(bucket, "a")
        self.assertEqual([(one["Key"], one["Size"]) for one in listed["Version"]], [(key, "6"), (key, "5")])
        texts = [text_of(self.cos.get_object(bucket, key, VersionId=one["VersionId"])) for one in listed["Version"]]
        self.assertEqual(texts, ["second", "first"])
        self.cos.delete_object(bucket, key, VersionId=listed["DeleteMarker"][0]["VersionId"])
        self.assertEqual(text_of(self.cos.get_object(bucket, key)), "second")

    def test_tags(self):
        tags = {"TagSet": {"Tag": [{"Key": "键", "Value": "值 & <1>"}, {"Key": "team", "Value": "a+b"}]}}
        self.put("tagged")
        self.cos.put_object_tagging(self.bucket, "tagged", tags)
        self.assertEqual(self.cos.get_object_tagging(self.bucket, "tagged"), tags)
        self.cos.delete_object_tagging(self.bucket, "tagged")
        self.assertFalse(self.cos.get_object_tagging(self.bucket, "tagged").get("TagSet"))
        self.cos.put_bucket_tagging(self.bucket, tags)
        self.assertEqual(self.cos.get_bucket_tagging(self.bucket), tags)
        self.cos.delete_bucket_tagging(self.bucket)
        self.refused(404, "NoSuchTagSet", ".", lambda: self.cos.get_bucket_tagging(self.bucket))

    def test_access_control(self):
        opened = "http://%s/open" % self.cos._conf.get_host(self.bucket)
        self.put("open", "seen")
        self.assertEqual(plainly("GET", opened)[0], 403)
        self.cos.put_object_acl(self.bucket, "open", ACL="public-read")
        self.assertEqual(self.cos.get_object_acl(self.bucket, "open")["CannedACL"], "public-read")
        self.assertEqual(plainly("GET", opened), (200, b"seen"))
        grant = 'id="qcs::cam::uin/200000000002:uin/200000000002"'
        bucket = self.made("acl")
        self.cos.put_bucket_acl(bucket, ACL="public-read", GrantRead=grant)
        grants = self.cos.get_bucket_acl(bucket)["AccessControlList"]["Grant"]
        read = [one["Grantee"].get("ID") for one in grants if one["Permission"] == "READ"]
        self.assertIn("qcs::cam::uin/200000000002:uin/200000000002", read)
        self.assertEqual(plainly("GET", "http://%s/" % self.cos._conf.get_host(bucket))[0], 200)

    def test_cross_origin(self):
        rule = {
            "ID": "one", "MaxAgeSeconds": "600", "AllowedOrigin": ["https://a.example"],
            "AllowedMethod": ["GET", "PUT"], "AllowedHeader": ["x-cos-meta-a"], "ExposeHeader": ["ETag"],
        }
        self.cos.put_bucket_cors(self.bucket, {"CORSRule": [rule]})
        self.assertEqual(self.cos.get_bucket_cors(self.bucket)["CORSRule"], [rule])
        self.cos.delete_bucket_cors(self.bucket)
        self.refused(404, "NoSuchCORSConfiguration", ".", lambda: self.cos.get_bucket_cors(self.bucket))

    def test_refusals(self):
        key = "missing 中文"
        error = self.refused(
            404, "NoSuchKey", "^The specified key does not exist.$", lambda: self.cos.get_object(self.bucket, key))
        self.assertEqual(error.get_resource_location(), "%s/%s" % (self.cos._conf.get_host(self.bucket), quote(key)))
        self.refused(404, "NoSuchBucket", ".", lambda: self.cos.list_objects("nobodys-1250000000"))
        self.refused(409, "BucketNotEmpty", ".", lambda: (self.put("one"), self.cos.delete_bucket(self.bucket)))
        stranger = by_address(SecretKey="wrong")
        self.refused(403, "SignatureDoesNotMatch", ".", lambda: stranger.list_objects(self.bucket))
        with self.assertRaises(CosServiceError) as caught:
            self.cos.head_object(self.bucket, key)
        self.assertEqual((caught.exception.get_status_code(), caught.exception.get_error_code()), (404, "NoSuchResource"))

    def test_temporary_keys(self):
        policy = {"version": "2.0", "statement": [{
            "effect": "allow", "action": ["name/cos:PutObject", "name/cos:GetObject"],
            "resource": "qcs::cos:%s:uid/1250000000:%s/mine/*" % (REGION, self.bucket),
        }]}
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=os.environ["OPENSCF_ENDPOINT"]))
        keys = credential.Credential(KEYS_OF_SERVER["SecretId"], KEYS_OF_SERVER["SecretKey"])
        given = CommonClient("sts", "2018-08-13", keys, REGION, profile=profile).call_json(
            "GetFederationToken", {"Name": "me", "Policy": quote(json.dumps(policy)), "DurationSeconds": 600})
        made = given["Response"]["Credentials"]
        mine = by_address(SecretId=made["TmpSecretId"], SecretKey=made["TmpSecretKey"], Token=made["Token"])
        mine.put_object(self.bucket, "by a guest", "mine/中")
        self.assertEqual(text_of(mine.get_object(self.bucket, "mine/中")), "by a guest")
        self.refused(403, "AccessDenied", ".", lambda: mine.put_object(self.bucket, "x", "yours"))
        self.refused(403, "AccessDenied", ".", lambda: mine.list_objects(self.bucket))


class Ways(unittest.TestCase):
    """How else it can be led here."""

    def walk(self, cos, bucket):
        cos.create_bucket(Bucket=bucket)
        for key in KEYS:
            cos.put_object(bucket, key.encode(), key)
            self.assertEqual(text_of(cos.get_object(bucket, key)), key)
        self.assertEqual([one["Key"] for one in cos.list_objects(bucket)["Contents"]], KEYS)
        self.assertIn(bucket, [one["Name"] for one in cos.list_buckets()["Buckets"]["Bucket"]])

    def test_endpoint(self):
        endpoint = "cos.openscf.example:" + PORT
        config = CosConfig(Region=REGION, Scheme="http", Endpoint=endpoint, ServiceDomain=endpoint, **KEYS_OF_SERVER)
        look_up = socket.getaddrinfo

        def here(name, *rest, **more):
            return look_up(HOST if name.endswith(".openscf.example") else name, *rest, **more)

        with mock.patch("socket.getaddrinfo", here):
            self.walk(CosS3Client(config), "py-endpoint-1250000000")

    def test_proxy(self):
        for old in (True, False):
            self.walk(by_names(EnableOldDomain=old), "py-proxy-%s-1250000000" % ("old" if old else "new"))


if __name__ == "__main__":
    unittest.main()
