// openscf deploy <dir|zip>

import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { DeployOptions } from '../importers/call.ts';
import type { Deployed } from '../importers/deploy.ts';
import { deployAll } from '../importers/outputs.ts';
import { readPlans } from '../importers/plan.ts';
import type { Plan } from '../importers/project.ts';
import type { TriggerChange } from '../importers/sync.ts';
import { packageUpload } from './cos/package.ts';
import { fail } from './errors.ts';
import { type Io, type Say, table } from './io.ts';
import { openSession } from './session.ts';
import type { Urls } from './wire.ts';

interface Flags {
  readonly name?: string;
  readonly namespace?: string;
  readonly runtime?: string;
  readonly handler?: string;
  readonly memorySize?: string;
  readonly timeout?: string;
  readonly description?: string;
  readonly keepTriggers?: boolean;
}

export function deployCommand(program: Command, io: Io, say: Say): void {
  const command = program
    .command('deploy')
    .argument('<path>', say({ zh: '函数的文件夹或 zip 文件', en: 'folder or zip file of the function' }));
  command.description(
    say({
      zh: '部署一个文件夹（读取 serverless.yml）或 zip：创建或更新函数，同步触发器',
      en: 'bring a folder (its serverless.yml is read) or a zip: makes or updates the function and its triggers',
    }),
  );
  command.option(
    '--name <name>',
    say({ zh: '函数名，缺省为文件夹名', en: 'name of the function; that of the folder if not given' }),
  );
  command.option('--namespace <name>', say({ zh: '命名空间', en: 'namespace' }));
  command.option(
    '--runtime <id>',
    say({ zh: '运行环境，缺省由 index.js 或 index.py 得出', en: 'runtime; told by index.js or index.py if not given' }),
  );
  command.option(
    '--handler <file.function>',
    say({ zh: '入口，缺省为 index.main_handler', en: 'handler; index.main_handler if not given' }),
  );
  command.option('--memory-size <MB>', say({ zh: '函数内存', en: 'memory of the function' }));
  command.option('--timeout <s>', say({ zh: '超时秒数', en: 'time limit in seconds' }));
  command.option('--description <text>', say({ zh: '描述', en: 'description' }));
  command.option(
    '--keep-triggers',
    say({ zh: '保留文件中没有的触发器', en: 'leave triggers that the file does not name' }),
  );
  command.action(async (path: string, flags: Flags) => {
    const session = openSession(command, io);
    const { config, origins, client } = session;
    const plans = await readPlans(
      resolve(io.cwd, path),
      {
        name: flags.name,
        namespace: flags.namespace,
        runtime: flags.runtime,
        handler: flags.handler,
        memoryMB: whole('--memory-size', flags.memorySize),
        timeoutS: whole('--timeout', flags.timeout),
        description: flags.description,
        // The setting is a default here: only the flag outranks the file.
        region: origins.region?.from === 'flag' ? config.region : undefined,
      },
      io.env,
    );
    if (plans.length > 1 && flags.name !== undefined) fail('Cli.NameOfMany', { count: plans.length });
    const regionOf = (plan: Plan) => plan.region ?? config.region;
    const optionsOf = (plan: Plan): DeployOptions => ({
      call: (action, params, service = 'scf') => client.cloud(service, action, params, regionOf(plan)),
      clock: io.clock,
      upload: packageUpload(session, io.clock, regionOf(plan)),
      keepTriggers: flags.keepTriggers === true,
    });
    await deployAll(plans, optionsOf, show);

    async function show(plan: Plan, done: Deployed): Promise<void> {
      const region = regionOf(plan);
      const { functions } = await client.get<Urls>('/urls');
      const found = functions.find(
        one => one.region === region && one.namespace === done.namespace && one.name === done.name,
      );
      const triggers = found?.triggers ?? [];
      if (session.json) {
        io.out(`${JSON.stringify({ region, ...done, urls: triggers.flatMap(one => one.urls) })}\n`);
        return;
      }
      const verb = done.created ? { zh: '已创建', en: 'Created' } : { zh: '已更新', en: 'Updated' };
      io.out(
        `${session.say(verb)} ${done.name} (${plan.runtime}, ${plan.type === 'HTTP' ? session.say(WEB_FUNCTION) : plan.handler})\n`,
      );
      if (done.triggers.length > 0) io.out(`${table(done.triggers.map(one => changeRow(one, session.say)))}\n`);
      for (const trigger of triggers.filter(one => one.enabled)) for (const url of trigger.urls) io.out(`${url}\n`);
    }
  });
}

const WEB_FUNCTION = { zh: 'Web 函数', en: 'web function' };

function changeRow(one: TriggerChange, say: Say): string[] {
  const change = {
    made: { zh: '新建', en: 'made' },
    kept: { zh: '不变', en: 'kept' },
    changed: { zh: '更新', en: 'changed' },
    removed: { zh: '删除', en: 'removed' },
  }[one.change];
  return ['', say(change), one.type, one.name];
}

export function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^[1-9]\d*$/.test(text) ? Number(text) : fail('Cli.Whole', { name, value: text });
}
