import { afterStreamCheck } from './after-stream.ts'
import { analystCheck } from './analyst.ts'
import { certificateCheck } from './certificate.ts'
import type { Check } from './check.ts'
import { clockCheck } from './clock.ts'
import { collectorCheck } from './collector.ts'
import { databaseCheck } from './database.ts'
import { diskCheck } from './disk.ts'
import { machineCheck } from './machine.ts'
import { mediaCheck } from './media.ts'
import { memoryCheck } from './memory.ts'
import { modelsCheck } from './models.ts'
import { nodeVersionCheck } from './node-version.ts'
import { pageCheck } from './page.ts'
import { portCheck } from './port.ts'
import { reachCheck } from './reach.ts'
import { settingsCheck } from './settings.ts'
import { signatureCheck } from './signature.ts'
import { turnsCheck } from './turns.ts'
import { twimlCheck } from './twiml.ts'
import { webhookCheck } from './webhook.ts'

/** All there are, in the order in which one failure explains the next. */
export const checks: readonly Check[] = [
  ...[nodeVersionCheck, settingsCheck, portCheck, reachCheck, certificateCheck, signatureCheck],
  ...[modelsCheck, twimlCheck, mediaCheck, turnsCheck, afterStreamCheck],
  ...[diskCheck, databaseCheck, clockCheck, memoryCheck, machineCheck],
  ...[pageCheck, webhookCheck, analystCheck, collectorCheck],
]
