import { describe, expect, it } from 'vitest'
import { Items } from '../../../src/simulators/realtime/items.ts'

function message(id: string, text = id): object {
  return { item: { id, type: 'message', role: 'user', content: [{ type: 'input_text', text }] } }
}

describe('the items of a session', () => {
  it('are forgotten from the oldest on, however many come', () => {
    const items = new Items()
    for (let i = 0; i < 1100; i++) items.fold('conversation.item.created', message(`item_${i}`))
    expect(items.views).toHaveLength(1024)
    expect(items.views[0]?.id).toBe('item_76')
    expect(items.get('item_0')).toBeUndefined()
    expect(items.lastId).toBe('item_1099')
  })

  it('are none of an answer that no conversation holds', () => {
    const items = new Items()
    items.fold('response.output_item.done', message('item_a'))
    expect(items.views).toEqual([])
  })

  it('are untouched by what is said of others', () => {
    const items = new Items()
    items.fold('conversation.item.created', message('item_a'))
    for (const type of ['conversation.item.deleted', 'conversation.item.truncated']) items.fold(type, { item_id: 'b' })
    items.fold('conversation.item.created', {})
    expect(items.views).toEqual([{ id: 'item_a', type: 'message', role: 'user', text: 'item_a', callId: undefined }])
  })
})
