import io
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "libs"))

from PIL import Image, ImageOps, UnidentifiedImageError
from qcloud_cos import CosConfig, CosS3Client, CosServiceError

TARGET_BUCKET = os.environ["TARGET_BUCKET"]
EDGE = int(os.environ["EDGE"])
MAX_BYTES = 20 * 1024 * 1024
KEPT = ("JPEG", "PNG", "GIF", "WEBP")

# The keys of the function's role.
cos = CosS3Client(
    CosConfig(
        Region=os.environ["TENCENTCLOUD_REGION"],
        SecretId=os.environ["TENCENTCLOUD_SECRETID"],
        SecretKey=os.environ["TENCENTCLOUD_SECRETKEY"],
        Token=os.environ["TENCENTCLOUD_SESSIONTOKEN"],
    )
)


def main_handler(event, context):
    made = []
    for record in event["Records"]:
        bucket, item = record["cos"]["cosBucket"], record["cos"]["cosObject"]
        source = f"{bucket['name']}-{bucket['appid']}"
        # The event's key is /<appid>/<bucket>/<key>.
        key = item["key"].replace(f"/{bucket['appid']}/{bucket['name']}/", "", 1)
        # A thumbnail in the bucket that this function hears of would be an image to make a thumbnail of.
        if source == TARGET_BUCKET:
            raise ValueError(f"TARGET_BUCKET has to be another bucket than {source}")
        try:
            print(f"{source}/{key} {thumbnail(source, key, item['size'])}")
            made.append(key)
        except Skipped as why:
            print(f"skipped {source}/{key}: {why}")
    return made


class Skipped(Exception):
    pass


def thumbnail(source, key, size):
    if size > MAX_BYTES:
        raise Skipped(f"it has {size} bytes, more than {MAX_BYTES}")
    content = read(source, key)
    try:
        image = Image.open(io.BytesIO(content))
        kind = image.format if image.format in KEPT else "PNG"
        before = image.size
        image = ImageOps.exif_transpose(image)
        image.thumbnail((EDGE, EDGE))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise Skipped(f"it is no image: {error}") from error
    body = io.BytesIO()
    image.save(body, kind)
    cos.put_object(Bucket=TARGET_BUCKET, Key=key, Body=body.getvalue(), ContentType=Image.MIME[kind])
    return f"({before[0]} × {before[1]}) → {TARGET_BUCKET}/{key} ({image.width} × {image.height})"


def read(bucket, key):
    try:
        return cos.get_object(Bucket=bucket, Key=key)["Body"].get_raw_stream().read()
    except CosServiceError as error:
        # Whatever else it is, the event is tried again.
        if error.get_error_code() != "NoSuchKey":
            raise
        raise Skipped("it has been removed since") from error
