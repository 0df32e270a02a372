import type { ModelHand } from '../../contract/provider.ts'
import type { PuppetClient } from './model-puppet.ts'

type Deed = Parameters<ModelHand['done']>[0]

/** The frames by which a model sees what the call has done: the same in every dialect. */
const framesOf: Readonly<Record<Deed, readonly string[]>> = {
  append: ['input_audio_buffer.append'],
  'end-turn': ['input_audio_buffer.commit'],
  'drop-turn': ['input_audio_buffer.clear'],
  note: ['conversation.item.create'],
  respond: ['response.create'],
  cancel: ['response.cancel'],
  'answer-tool': ['conversation.item.create', 'response.create'],
}

/** Resolves when the client has sent the frames of this deed, in their order. */
export async function deedDone(client: PuppetClient, deed: Deed): Promise<void> {
  for (const type of framesOf[deed]) await client.next(type)
}
