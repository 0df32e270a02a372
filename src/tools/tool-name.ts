/** The house's own: nobody else's tool may have their names, whether they are offered or not. */
export const HOUSE_TOOLS: readonly string[] = ['end_call', 'send_dtmf', 'transfer_call', 'send_sms']

/** What every model takes as a tool's name. */
export const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/
