// Asks a real org, or sfsim, what the wire reference could not confirm and we rely on, one statement at a time.
//
// Prints "confirmed", "differs" with what was seen, or "not asked" with what that would need. Ends with 0 when nothing
// differs, 1 when something does, 2 when it could not sign in; with --all also 1 when something was not asked. Every
// record it creates it deletes again.
import process from 'node:process';
import { checks as bulk } from './bulk.mjs';
import { checks as contention } from './contention.mjs';
import { checks as grants } from './grants.mjs';
import { NotAsked, signIn } from './org.mjs';
import { checks as queries } from './queries.mjs';
import { checks as records } from './records.mjs';
import { checks as signingIn } from './signing_in.mjs';

const org = await signIn();
const count = { confirmed: 0, differs: 0, 'not asked': 0 };

/// Each check returns whether what we rely on holds, and what was seen as text.
async function ask(check) {
  try {
    const [holds, seen] = await check(org);
    return holds ? ['confirmed', ''] : ['differs', ` (seen: ${seen})`];
  } catch (error) {
    if (error instanceof NotAsked) return ['not asked', ` (${error.message})`];
    return ['differs', ` (seen: ${error.message ?? error})`];
  }
}

try {
  for (const [section, statement, check] of [...signingIn, ...grants, ...records, ...queries, ...contention, ...bulk]) {
    const [verdict, why] = await ask(check);
    ++count[verdict];
    console.log(`${verdict.padEnd(9)}  ${section}: ${statement}${why}`);
  }
} finally {
  await org.deleteAll();
}
console.log(`${count.confirmed} confirmed, ${count.differs} differ, ${count['not asked']} not asked`);
const all = process.argv.includes('--all');
process.exitCode = count.confirmed > 0 && count.differs === 0 && !(all && count['not asked'] > 0) ? 0 : 1;
