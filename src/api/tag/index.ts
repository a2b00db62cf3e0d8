// The tag API's actions, version 2018-08-13.

import type { ServiceTable } from '../action.ts';
import { BINDING_ACTIONS } from './binding.ts';
import type { TagDeps } from './deps.ts';
import { RESOURCE_ACTIONS } from './resources.ts';
import { PLAIN_TAG_ACTIONS } from './tags.ts';

export const TAG_ACTIONS: ServiceTable<TagDeps> = {
  version: '2018-08-13',
  actions: { ...PLAIN_TAG_ACTIONS, ...BINDING_ACTIONS, ...RESOURCE_ACTIONS },
  later: ['AddProject', 'DescribeProjects', 'UpdateProject'],
};
