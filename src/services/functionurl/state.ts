// Ids of function URLs as rows of the table `resources`: given once to a version or alias, and never to another.

import { keyText } from '../../core/function.ts';
import { type Ids, shortId } from '../../core/ids.ts';
import type { Store } from '../../core/ports.ts';
import { type Place, URL_ID_CHARS } from './model.ts';

const KIND = 'functionurl/id';

/** The same place has the same id for ever, also after its URL was deleted and made again. */
export async function urlIdOf(store: Store, ids: Ids, place: Place): Promise<string> {
  const parent = `${keyText(place)}/${place.qualifier}`;
  const { region } = place;
  return store.transaction(async rows => {
    const there = await rows.get('resources', { kind: KIND, region, parent });
    if (there) return there.id;
    let id: string;
    // Hosts name no region that could tell two of them apart.
    do id = shortId(ids, URL_ID_CHARS);
    while (await rows.get('resources', { kind: KIND, id }));
    await rows.put('resources', { kind: KIND, region, id, parent, body: null });
    return id;
  });
}
