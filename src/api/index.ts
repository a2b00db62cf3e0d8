// The services of the Cloud API and their actions: one of the four tables, and nothing enumerates its rows elsewhere.

import { GATEWAY_ACTIONS } from './apigateway/index.ts';
import { CAM_ACTIONS } from './cam/index.ts';
import { CLB_ACTIONS } from './clb/index.ts';
import * as later from './later.ts';
import { SCF_ACTIONS } from './scf/index.ts';
import { SSL_ACTIONS } from './ssl/index.ts';
import { STS_ACTIONS } from './sts/index.ts';
import { TAG_ACTIONS } from './tag/index.ts';

export const API_SERVICES = Object.freeze({
  scf: SCF_ACTIONS,
  apigateway: GATEWAY_ACTIONS,
  clb: CLB_ACTIONS,
  cls: later.CLS,
  ckafka: later.CKAFKA,
  cmq: later.CMQ,
  tdmq: later.TDMQ,
  mps: later.MPS,
  eb: later.EB,
  tag: TAG_ACTIONS,
  sts: STS_ACTIONS,
  cam: CAM_ACTIONS,
  cfs: later.CFS,
  vpc: later.VPC,
  monitor: later.MONITOR,
  ssl: SSL_ACTIONS,
});
