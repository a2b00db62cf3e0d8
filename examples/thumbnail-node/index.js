const COS = require('cos-nodejs-sdk-v5');
const { Jimp } = require('jimp');

const { TARGET_BUCKET, EDGE, TENCENTCLOUD_REGION: Region } = process.env;
const MAX_BYTES = 20 * 1024 * 1024;

// The keys of the function's role.
const cos = new COS({
  SecretId: process.env.TENCENTCLOUD_SECRETID,
  SecretKey: process.env.TENCENTCLOUD_SECRETKEY,
  SecurityToken: process.env.TENCENTCLOUD_SESSIONTOKEN,
});

exports.main_handler = async event => {
  const made = [];
  for (const record of event.Records) {
    const { cosBucket, cosObject } = record.cos;
    const Bucket = `${cosBucket.name}-${cosBucket.appid}`;
    // The event's key is /<appid>/<bucket>/<key>.
    const Key = cosObject.key.replace(`/${cosBucket.appid}/${cosBucket.name}/`, '');
    const skip = why => console.log(`skipped ${Bucket}/${Key}: ${why}`);
    // A thumbnail in the bucket that this function hears of would be an image to make a thumbnail of.
    if (Bucket === TARGET_BUCKET) throw new Error(`TARGET_BUCKET has to be another bucket than ${Bucket}`);
    if (cosObject.size > MAX_BYTES) {
      skip(`it has ${cosObject.size} bytes, more than ${MAX_BYTES}`);
      continue;
    }
    const content = await read({ Bucket, Region, Key });
    if (content === undefined) {
      skip('it has been removed since');
      continue;
    }
    const image = await Jimp.read(content).catch(error => skip(`it is no image: ${error.message}`));
    if (!image) continue;
    const before = `${image.width} × ${image.height}`;
    if (Math.max(image.width, image.height) > EDGE) image.scaleToFit({ w: Number(EDGE), h: Number(EDGE) });
    const Body = await image.getBuffer(image.mime);
    await cos.putObject({ Bucket: TARGET_BUCKET, Region, Key, Body, ContentType: image.mime });
    console.log(`${Bucket}/${Key} (${before}) → ${TARGET_BUCKET}/${Key} (${image.width} × ${image.height})`);
    made.push(Key);
  }
  return made;
};

async function read(object) {
  try {
    return (await cos.getObject(object)).Body;
  } catch (error) {
    // Whatever else it is, the event is tried again.
    if (error.code !== 'NoSuchKey') throw error;
  }
}
