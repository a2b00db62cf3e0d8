// What can be wrong with a trigger of an object store.

import { errorRow, failer } from '../../core/errors.ts';

const { caller } = errorRow;

export const COS_TRIGGER_ERRORS = {
  'ResourceNotFound.Cos': caller(
    '存储桶 {bucket} 不存在，请先创建存储桶。',
    'There is no bucket {bucket}; create it first.',
  ),
  'InvalidParameterValue.CosBucketRegion': caller(
    '存储桶 {bucket} 位于 {bucketRegion}，函数位于 {region}：二者须在同一地域。',
    'The bucket {bucket} is in {bucketRegion} and the function in {region}; both must be in the same region.',
  ),
  'ResourceInUse.Cos': caller('COS 触发器冲突：{zh}（{cause}）', 'The COS trigger is in conflict: {en} ({cause})'),
};

export const failCos = failer(COS_TRIGGER_ERRORS);
