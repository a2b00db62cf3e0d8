// In core, as services take turns as well.

export { Turns } from '../core/turns.ts';
