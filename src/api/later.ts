// Documented actions of services that are not built yet: calls are refused by name and counted, so that `doctor` can
// say what clients of this server miss.

import type { ServiceTable } from './action.ts';

const names = (text: string): string[] => text.trim().split(/\s+/);
const each = (verbs: string, things: string): string[] =>
  names(verbs).flatMap(verb => names(things).map(thing => verb + thing));

const none = (version: string, later: readonly string[]): ServiceTable<object> =>
  Object.freeze({ version, actions: {}, later });

export const CLS = none(
  '2020-10-16',
  names(`
    CreateLogset DescribeLogsets ModifyLogset DeleteLogset CreateTopic DescribeTopics ModifyTopic DeleteTopic
    CreateIndex ModifyIndex DescribeIndex DeleteIndex SearchLog DescribeLogContext DescribeLogHistogram UploadLog
    CreateDeliverCloudFunction DescribePartitions SplitPartition MergePartition
    CreateAlarm DescribeAlarms ModifyAlarm DeleteAlarm CreateAlarmNotice DescribeAlarmNotices ModifyAlarmNotice DeleteAlarmNotice
    CreateExport DescribeExports DeleteExport CreateConsumer DescribeConsumer ModifyConsumer DeleteConsumer
  `),
);

export const CKAFKA = none(
  '2019-08-19',
  names(`
    CreateTopic DescribeTopic DescribeTopicDetail DescribeTopicAttributes ModifyTopicAttributes DeleteTopic CreatePartition
    CreateInstancePre CreateInstancePost DescribeInstances DescribeInstancesDetail DescribeInstanceAttributes
    ModifyInstanceAttributes DeleteInstancePre DeleteInstancePost
    DescribeGroup DescribeGroupInfo DescribeGroupOffsets ModifyGroupOffsets DescribeConsumerGroup CreateConsumer
    CreateAcl DescribeACL DeleteAcl CreateUser DescribeUser DeleteUser ModifyPassword
    CreateRoute DescribeRoute DeleteRoute DescribeRegion DescribeCkafkaZone DescribeAppInfo
    CreateTopicIpWhiteList DeleteTopicIpWhiteList FetchMessageByOffset FetchMessageListByOffset SendMessage
  `),
);

export const CMQ = none('2019-03-04', names('DescribeQueueDetail DescribeTopicDetail'));

export const TDMQ = none(
  '2020-02-17',
  names(`
    PublishCmqMsg SendCmqMsg
    CreateCmqQueue DescribeCmqQueues DescribeCmqQueueDetail ModifyCmqQueueAttribute DeleteCmqQueue ClearCmqQueue RewindCmqQueue
    CreateCmqTopic DescribeCmqTopics DescribeCmqTopicDetail ModifyCmqTopicAttribute DeleteCmqTopic
    CreateCmqSubscribe DescribeCmqSubscriptionDetail ModifyCmqSubscriptionAttribute DeleteCmqSubscribe
    ClearCmqSubscriptionFilterTags DescribeCmqDeadLetterSourceQueues UnbindCmqDeadLetter
  `),
);

export const MPS = none('2019-06-12', [
  ...names(`
    ProcessMedia EditMedia DescribeTaskDetail DescribeTasks ManageTask DescribeMediaMetaData ParseNotification
    CreateWorkflow EnableWorkflow DisableWorkflow DeleteWorkflow ResetWorkflow DescribeWorkflows
    BindTrigger UnbindTrigger ProcessLiveStream ParseLiveStreamProcessNotification
  `),
  ...each(
    'Create Modify Delete',
    `TranscodeTemplate SnapshotByTimeOffsetTemplate SampleSnapshotTemplate ImageSpriteTemplate
     AnimatedGraphicsTemplate AdaptiveDynamicStreamingTemplate WatermarkTemplate`,
  ),
  ...each(
    'Describe',
    `TranscodeTemplates SnapshotByTimeOffsetTemplates SampleSnapshotTemplates ImageSpriteTemplates
     AnimatedGraphicsTemplates AdaptiveDynamicStreamingTemplates WatermarkTemplates`,
  ),
]);

export const EB = none('2021-04-16', [
  ...each('Create Get Update Delete', 'EventBus Rule Transformation'),
  ...each('Create Update Delete', 'Connection Target'),
  ...names(`
    ListEventBuses ListRules ListConnections ListTargets CheckRule CheckTransformation PutEvents PublishEvent
    GetAccountLimit ListPlatformEventNames ListPlatformEventPatterns ListPlatformProducts GetPlatformEventTemplate
  `),
]);

export const CFS = none(
  '2019-07-19',
  names(
    'CreateCfsFileSystem DescribeCfsFileSystems DeleteCfsFileSystem DescribeMountTargets DescribeCfsPGroups DescribeCfsRules',
  ),
);

export const VPC = none(
  '2017-03-12',
  names('CreateVpc DescribeVpcs DeleteVpc CreateSubnet DescribeSubnets DeleteSubnet DescribeSecurityGroups'),
);

export const MONITOR = none(
  '2018-07-24',
  names('GetMonitorData DescribeBaseMetrics PutMonitorData DescribeAlarmPolicies CreateAlarmPolicy DeleteAlarmPolicy'),
);
