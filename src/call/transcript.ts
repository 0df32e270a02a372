/** One side's words, in the order of the conversation. Of the agent's only `heard` reached the caller. */
export type Utterance =
  | { readonly speaker: 'caller'; readonly text: string }
  | { readonly speaker: 'agent'; readonly heard: string; readonly unheard: string }
