// What the documents want to find in configurations that are kept as they came. What they do not speak of may stand there
// too: the cloud adds to them.

import { fail } from '../errors.ts';
import { childrenOf, type XmlElement } from './readxml.ts';

/** MalformedXML. */
type Shape = (element: XmlElement) => void;

const malformed = (): never => fail('MalformedXML');

/** Without regard to case: clients write True and true. */
const oneOf =
  (...words: readonly string[]): Shape =>
  ({ text }) => {
    if (!words.some(word => word.toLowerCase() === text.trim().toLowerCase())) malformed();
  };

const someText: Shape = ({ text }) => {
  if (text.trim() === '') malformed();
};

/** With a dot in it. */
const domainName: Shape = ({ text }) => {
  if (!/^(?=.{1,253}$)[\p{L}\p{N}*_-]+(?:\.[\p{L}\p{N}_-]+)+$/u.test(text.trim())) malformed();
};

const number: Shape = ({ text }) => {
  if (!/^\d{1,9}$/.test(text.trim())) malformed();
};

interface Parts {
  /** Once each. */
  readonly need?: Readonly<Record<string, Shape>>;
  /** At least once. */
  readonly some?: Readonly<Record<string, Shape>>;
  /** At most once. */
  readonly may?: Readonly<Record<string, Shape>>;
}

const holds =
  ({ need = {}, some = {}, may = {} }: Parts): Shape =>
  element => {
    const check = (shapes: Readonly<Record<string, Shape>>, least: number, most: number) => {
      for (const [name, shape] of Object.entries(shapes)) {
        const found = childrenOf(element, name);
        if (found.length < least || found.length > most) malformed();
        for (const child of found) shape(child);
      }
    };
    check(need, 1, 1);
    check(some, 1, Number.POSITIVE_INFINITY);
    check(may, 0, 1);
  };

const either =
  (...shapes: readonly Shape[]): Shape =>
  element => {
    const fits = shapes.some(shape => {
      try {
        shape(element);
        return true;
      } catch {
        return false;
      }
    });
    if (!fits) malformed();
  };

const protocol = holds({ may: { Protocol: oneOf('http', 'https', 'follow') } });
const algorithm = holds({ need: { SSEAlgorithm: oneOf('AES256', 'KMS', 'cos/kms', 'SM4') } });

export const SHAPES = {
  website: either(
    holds({
      need: { IndexDocument: holds({ need: { Suffix: someText } }) },
      may: { ErrorDocument: holds({ need: { Key: someText } }), RedirectAllRequestsTo: protocol },
    }),
    holds({ need: { RedirectAllRequestsTo: protocol } }),
  ),
  domain: holds({
    some: { DomainRule: holds({ need: { Name: domainName, Status: oneOf('ENABLED', 'DISABLED'), Type: someText } }) },
  }),
  logging: holds({ may: { LoggingEnabled: holds({ need: { TargetBucket: someText } }) } }),
  encryption: holds({
    some: {
      Rule: either(
        holds({ need: { ApplySideEncryptionConfiguration: algorithm } }),
        holds({ need: { ApplyServerSideEncryptionByDefault: algorithm } }),
      ),
    },
  }),
  accelerate: holds({ need: { Status: oneOf('Enabled', 'Suspended') } }),
  referer: either(
    holds({ need: { Status: oneOf('Disabled') } }),
    holds({
      need: {
        Status: oneOf('Enabled'),
        RefererType: oneOf('Black-List', 'White-List'),
        DomainList: holds({ some: { Domain: someText } }),
      },
      may: { EmptyReferConfiguration: oneOf('Allow', 'Deny') },
    }),
  ),
  intelligenttiering: holds({
    need: { Status: oneOf('Enabled', 'Suspended', 'Disabled') },
    may: { Transition: holds({ may: { Days: number } }) },
  }),
  'intelligent-tiering': holds({
    need: { Id: someText, Status: oneOf('Enabled', 'Suspended', 'Disabled') },
    some: {
      Tiering: holds({
        need: { AccessTier: oneOf('INFREQUENT', 'ARCHIVE_ACCESS', 'DEEP_ARCHIVE_ACCESS'), Days: number },
        may: { RequestFrequent: number },
      }),
    },
  }),
  'object-lock': holds({ need: { ObjectLockEnabled: oneOf('Enabled') } }),
  inventory: holds({
    need: {
      Id: someText,
      IsEnabled: oneOf('true', 'false'),
      IncludedObjectVersions: oneOf('All', 'Current'),
      Schedule: holds({ need: { Frequency: oneOf('Daily', 'Weekly') } }),
      Destination: holds({ need: { COSBucketDestination: holds({ need: { Bucket: someText, Format: someText } }) } }),
    },
  }),
} as const satisfies Readonly<Record<string, Shape>>;
