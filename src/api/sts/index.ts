// The STS API's actions, version 2018-08-13.

import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import { fail } from '../../control/session-errors.ts';
import type { HeldKey, Issued } from '../../control/sessions.ts';
import type { Clock } from '../../core/clock.ts';
import { fail as failPlatform } from '../../core/errors.ts';
import { type ActionContext, action, type ServiceTable } from '../action.ts';

export interface StsDeps {
  readonly control: Pick<Control, 'accounts' | 'sessions' | 'roles'>;
  /** Keys end by true time, by which calls are signed. */
  readonly wallClock: Clock;
}

type StsContext = ActionContext<StsDeps>;

const text = z.string();
const DurationSeconds = z.number().int().optional();

function callerOf({ control, secretId, token }: StsContext): HeldKey {
  return control.accounts.heldKey(secretId, token ?? '') ?? failPlatform('AuthFailure.SecretIdNotFound', { secretId });
}

const GetFederationToken = action({
  request: z.object({ Name: text, Policy: text, DurationSeconds }),
  async handle({ Name, Policy, DurationSeconds: durationS }, context: StsContext) {
    const nowMs = context.wallClock.now();
    return wireOf(context.control.sessions.federate(Name, Policy, callerOf(context), { durationS, nowMs }));
  },
});

const AssumeRole = action({
  request: z.object({
    RoleArn: text,
    RoleSessionName: text,
    DurationSeconds,
    Policy: text.optional(),
    ExternalId: text.optional(),
    Tags: z.array(z.object({ Key: text, Value: text })).optional(),
    SourceIdentity: text.optional(),
    SerialNumber: text.optional(),
    TokenCode: text.optional(),
  }),
  async handle(request, context: StsContext) {
    const { RoleArn, RoleSessionName, DurationSeconds: durationS, Policy } = request;
    for (const name of ['ExternalId', 'SourceIdentity', 'SerialNumber', 'TokenCode'] as const)
      if (request[name]) unsupported(name);
    if (request.Tags && request.Tags.length > 0) unsupported('Tags');
    const nowMs = context.wallClock.now();
    const by = callerOf(context);
    return wireOf(context.control.sessions.assume(RoleArn, RoleSessionName, Policy, by, { durationS, nowMs }));
  },
});

const GetCallerIdentity = action({
  request: z.object({}),
  async handle(_request, context: StsContext) {
    const { uin } = context.control.accounts;
    const { session } = callerOf(context);
    const whole = { AccountId: uin, PrincipalId: uin };
    switch (session?.kind) {
      case undefined:
        return { ...whole, Arn: `qcs::cam::uin/${uin}:uin/${uin}`, UserId: uin, Type: 'CAMUser' };
      case 'federated':
        return {
          ...whole,
          Arn: `qcs::sts::uin/${uin}:federated-user/${session.name}`,
          UserId: `${uin}:${session.name}`,
          Type: 'CAMUser',
        };
      case 'role':
        return {
          ...whole,
          Arn: `qcs::sts:${uin}:assumed-role/${session.roleId}`,
          UserId: `${session.roleId}:${session.name}`,
          Type: 'CAMRole',
        };
    }
  },
});

function unsupported(name: string): never {
  return fail('UnsupportedOperation', {
    name,
    zh: '角色的信任策略不按它判断，请去掉该参数。',
    en: 'nothing here asks for it, so that it would protect nobody; leave it out.',
  });
}

function wireOf({ secretId, secretKey, token, expiresAt }: Issued): object {
  return {
    Credentials: { Token: token, TmpSecretId: secretId, TmpSecretKey: secretKey },
    ExpiredTime: expiresAt / 1000,
    Expiration: new Date(expiresAt).toISOString().replace('.000', ''),
  };
}

export const STS_ACTIONS: ServiceTable<StsDeps> = {
  version: '2018-08-13',
  actions: { GetFederationToken, AssumeRole, GetCallerIdentity },
  later: ['AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'GetSessionToken', 'QueryApiKey'],
};
