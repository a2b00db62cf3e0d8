// TriggerDesc of a function URL ⇄ what we keep of it.

import type { Cors } from '../../services/functionurl/model.ts';
import { failDesc } from '../errors.ts';
import { choice, type Fields, flag, objectOf, parseObject, texts, whole } from '../fields.ts';

export interface HttpDesc {
  readonly auth: 'NONE' | 'CAM';
  readonly intranet: boolean;
  readonly extranet: boolean;
  /** null: nothing was said of it. */
  readonly cors: CorsDesc | null;
  /** Absent until it is bound. */
  readonly bound?: HttpBinding;
}

export interface CorsDesc {
  readonly enabled: boolean;
  readonly origins: readonly string[];
  readonly headers: readonly string[];
  readonly methods: readonly string[];
  readonly exposed: readonly string[];
  /** null: not said. */
  readonly maxAgeS: number | null;
  readonly credentials: boolean;
}

export interface HttpBinding {
  readonly urlId: string;
  readonly region: string;
  /** The name that it was made with; it is listed under its id. */
  readonly name: string;
  readonly webSocket: boolean;
}

/** Addresses to be shown; '' where there is none. */
export interface ShownAddresses {
  readonly http: string;
  readonly https: string;
  readonly ws: string;
  readonly wss: string;
}

const MAX_AGE_S = 86_400;

export function parseHttp(given: string, { previous }: { readonly previous?: HttpDesc }): HttpDesc {
  const desc = given.trim() === '' ? {} : parseObject(given);
  const net = objectOf(desc, 'NetConfig');
  const parsed: HttpDesc = {
    auth: choice(desc, 'AuthType', ['NONE', 'CAM'], previous?.auth ?? 'NONE'),
    intranet: flag(net, 'EnableIntranet', previous?.intranet ?? false),
    extranet: flag(net, 'EnableExtranet', previous?.extranet ?? true),
    cors: corsOf(desc, previous?.cors ?? null),
    ...(previous?.bound && { bound: previous.bound }),
  };
  if (!parsed.intranet && !parsed.extranet) {
    failDesc(
      'NetConfig 的 EnableIntranet 与 EnableExtranet 至少一个为 true，否则函数 URL 无法访问',
      'EnableIntranet and EnableExtranet in NetConfig are both false, and nobody could call the URL; switch one on',
    );
  }
  return Object.freeze(parsed);
}

function corsOf(desc: Fields, previous: CorsDesc | null): CorsDesc | null {
  if ((desc.CorsConfig ?? undefined) === undefined) return previous;
  const cors = objectOf(desc, 'CorsConfig');
  const list = (name: string, before: readonly string[] = []) => texts(cors, name) ?? before;
  return {
    enabled: flag(cors, 'Enable', previous?.enabled ?? false),
    origins: list('Origins', previous?.origins),
    headers: list('Headers', previous?.headers),
    methods: list('Methods', previous?.methods),
    exposed: list('ExposeHeaders', previous?.exposed),
    maxAgeS: whole(cors, 'MaxAge', 0, MAX_AGE_S) ?? previous?.maxAgeS ?? null,
    credentials: flag(cors, 'Credentials', previous?.credentials ?? false),
  };
}

/** As the front needs it; undefined where the function answers other origins itself. */
export function corsSetting(cors: CorsDesc | null): Cors | undefined {
  if (!cors?.enabled) return undefined;
  const { maxAgeS, ...lists } = cors;
  return { ...lists, maxAgeS: maxAgeS ?? undefined };
}

/** Compact JSON with the members, and the order, of the documents' sample. */
export function formatHttp({ auth, intranet, extranet, cors }: HttpDesc, shown: ShownAddresses | undefined): string {
  const at = (enabled: boolean, name: keyof ShownAddresses) => (enabled && shown ? shown[name] : '');
  return JSON.stringify({
    AuthType: auth,
    NetConfig: {
      EnableIntranet: intranet,
      IntranetUrl: at(intranet, 'https'),
      IntranetHTTPUrl: at(intranet, 'http'),
      ExtranetUrl: at(extranet, 'https'),
      ExtranetHTTPUrl: at(extranet, 'http'),
      WssIntranetUrl: at(intranet, 'wss'),
      WsIntranetUrl: at(intranet, 'ws'),
      WssExtranetUrl: at(extranet, 'wss'),
      WsExtranetUrl: at(extranet, 'ws'),
      EnableExtranet: extranet,
    },
    ...(cors && { CorsConfig: formatCors(cors) }),
  });
}

function formatCors({ enabled, origins, headers, methods, exposed, maxAgeS, credentials }: CorsDesc): object {
  return {
    Enable: enabled,
    Origins: origins,
    Headers: headers,
    Methods: methods,
    ExposeHeaders: exposed,
    ...(maxAgeS !== null && { MaxAge: maxAgeS }),
    Credentials: credentials,
  };
}
