// CreateAlias, UpdateAlias, DeleteAlias, GetAlias, ListAliases.

import { z } from 'zod';
import type { AliasInput, RoutingInput } from '../../control/control.ts';
import { fail } from '../../control/errors.ts';
import { refuseLimit } from '../../control/paging.ts';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';
import { FUNCTION, keyOf, text } from './types.ts';
import { wireAlias } from './wire.ts';

const RoutingConfig = z.object({
  AdditionalVersionWeights: z.array(z.object({ Version: text, Weight: z.number() })).optional(),
  // The misspelling is the API's.
  AddtionVersionMatchs: z.array(z.object({ Version: text, Key: text, Method: text, Expression: text })).optional(),
});

const WRITE = {
  ...FUNCTION,
  Name: text,
  FunctionVersion: text,
  Description: text.optional(),
  RoutingConfig: RoutingConfig.optional(),
};

const Write = z.object(WRITE);

function aliasInput(request: z.output<typeof Write>): AliasInput {
  return {
    alias: request.Name,
    version: request.FunctionVersion,
    description: request.Description,
    routing: request.RoutingConfig && routingInput(request.RoutingConfig),
  };
}

function routingInput(config: z.output<typeof RoutingConfig>): RoutingInput {
  return {
    weights: config.AdditionalVersionWeights?.map(({ Version, Weight }) => ({ version: Version, weight: Weight })),
    matches: config.AddtionVersionMatchs?.map(({ Version, Key, Method, Expression }) => ({
      version: Version,
      key: Key,
      method: Method,
      expression: Expression,
    })),
  };
}

const CreateAlias = action({
  request: Write,
  async handle(request, { control, region }: ScfContext) {
    await control.aliases.create(keyOf(request, region), aliasInput(request));
    return {};
  },
});

const UpdateAlias = action({
  request: Write,
  async handle(request, { control, region }: ScfContext) {
    await control.aliases.update(keyOf(request, region), aliasInput(request));
    return {};
  },
});

const DeleteAlias = action({
  request: z.object({ ...FUNCTION, Name: text }),
  async handle(request, { control, region }: ScfContext) {
    await control.aliases.delete(keyOf(request, region), request.Name);
    return {};
  },
});

const GetAlias = action({
  request: z.object({ ...FUNCTION, Name: text }),
  async handle(request, { control, region }: ScfContext) {
    return wireAlias(await control.aliases.get(keyOf(request, region), request.Name));
  },
});

/** Declared as text by the API; numbers are sent too. */
const TextNumber = z.union([z.string(), z.number()]);

function count(name: 'Offset' | 'Limit', value: string | number | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  if (Number.isInteger(number)) return number;
  const shown = JSON.stringify(value);
  return name === 'Limit' ? refuseLimit(shown) : fail('InvalidParameterValue.Offset', { value: shown });
}

const ListAliases = action({
  request: z.object({
    ...FUNCTION,
    FunctionVersion: text.optional(),
    Offset: TextNumber.optional(),
    Limit: TextNumber.optional(),
  }),
  async handle(request, { control, region }: ScfContext) {
    const { total, rows } = await control.aliases.list(keyOf(request, region), {
      version: request.FunctionVersion || undefined,
      offset: count('Offset', request.Offset),
      limit: count('Limit', request.Limit),
    });
    return { Aliases: rows.map(wireAlias), TotalCount: total };
  },
});

export const ALIAS_ACTIONS = { CreateAlias, UpdateAlias, DeleteAlias, GetAlias, ListAliases };
