// openscf new <template> [folder]

import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { templates, writeTemplate } from '../importers/templates.ts';
import { type Io, type Say, table } from './io.ts';
import { selfCall } from './self.ts';
import { openSession } from './session.ts';

export function newCommand(program: Command, io: Io, say: Say): void {
  const command = program.command('new').argument('[template]').argument('[folder]');
  command.description(
    say({
      zh: '由模板新建一个函数项目；不带参数时列出模板',
      en: 'write a project from a template; lists the templates without one',
    }),
  );
  command.action(async (template: string | undefined, folder: string | undefined) => {
    const session = openSession(command, io);
    if (template === undefined) {
      const list = templates().map(({ name, title }) => ({ name, title }));
      io.out(
        session.json
          ? `${JSON.stringify({ templates: list })}\n`
          : `${table(list.map(one => [one.name, one.title]))}\n`,
      );
      return;
    }
    const path = await writeTemplate(template, resolve(io.cwd, folder ?? template));
    if (session.json) return io.out(`${JSON.stringify({ folder: path })}\n`);
    const self = selfCall(io.env);
    const place = relative(io.cwd, path) || '.';
    io.out(
      session.say({
        zh: `已写入 ${place}\n下一步：${self} deploy ${place}\n`,
        en: `Written to ${place}\nNext: ${self} deploy ${place}\n`,
      }),
    );
  });
}
