// The settings as a flat list: one name, one flag, one environment variable each.

import { z } from 'zod';
import { type Doc, fields, type Shape } from './field.ts';
import { configSchema } from './schema.ts';

export interface Setting {
  /** `portApi`, `quota.functions`. */
  readonly name: string;
  /** `--port-api`, `--quota-functions`. */
  readonly flag: string;
  /** `OPENSCF_PORT_API`, `OPENSCF_QUOTA_FUNCTIONS`. */
  readonly env: string;
  readonly doc: Doc;
  readonly shape: Shape;
  readonly schema: z.ZodType;
}

/** A unit such as `MB` is one word. */
function words(name: string): string[] {
  return name.split(/\.|(?<![A-Z])(?=[A-Z])/).map(word => word.toLowerCase());
}

function unwrap(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
    ? unwrap(schema.unwrap() as z.ZodType)
    : schema;
}

function list(shape: Record<string, z.ZodType>, prefix: string): Setting[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const name = prefix + key;
    if (schema instanceof z.ZodObject) return list(schema.shape, `${name}.`);
    const field = fields.get(unwrap(schema));
    if (!field) throw new Error(`the setting ${name} has no documentation`);
    const parts = words(name);
    return [
      {
        name,
        flag: `--${parts.join('-')}`,
        env: `OPENSCF_${parts.join('_').toUpperCase()}`,
        doc: field,
        shape: field.shape,
        schema,
      },
    ];
  });
}

export const SETTINGS: readonly Setting[] = Object.freeze(list(configSchema.shape, ''));

export function setting(name: string): Setting | undefined {
  return SETTINGS.find(one => one.name === name);
}
