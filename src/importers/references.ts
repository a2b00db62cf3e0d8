// References to what other functions tell, as a plan keeps them: `${output:<function>.<output>}`.

/** `url`: of its first trigger that has one. `internalDomain`: where the functions of its WebSocket API push to clients. */
export const OUTPUTS = ['url', 'internalDomain'] as const;
export type Output = (typeof OUTPUTS)[number];

export interface Reference {
  readonly text: string;
  readonly name: string;
  readonly output: Output;
}

export const referenceTo = (name: string, output: string): string => `\${output:${name}.${output}}`;
const REFERENCE = /\$\{output:([\w-]+)\.(\w+)\}/g;

export function referencesIn(value: string): Reference[] {
  return [...value.matchAll(REFERENCE)].map(([text, name = '', output]) => ({ text, name, output: output as Output }));
}

/** What is not known becomes empty. */
export function fillReferences(value: string, known: ReadonlyMap<string, string>): string {
  return value.replace(REFERENCE, text => known.get(text) ?? '');
}
