import { defineWords } from '../i18n.ts'

/** What goes wrong with sound, whoever needs it. */
export const s = defineWords({
  en: {
    'microphone.refused':
      'The browser was not allowed to use the microphone. Allow it beside the address, and try again.',
    'microphone.none': 'No microphone was found. Plug one in, and try again.',
    'microphone.busy': 'The microphone cannot be opened: another program has it. Close that, and try again.',
    'microphone.insecure':
      'The browser gives no microphone to this page: it has to come over https, or from this machine (localhost).',
    'microphone.gone': 'The microphone was unplugged.',
    'sound.none': 'No sound can be played here: {what}',
    'line.lost': 'The sound of the call was lost. Listen again.',
    'line.signedOut': 'You are not signed in any more.',
  },
  zh: {
    'microphone.refused': '浏览器未获准使用麦克风。请在地址栏旁允许后重试。',
    'microphone.none': '没有找到麦克风。请接上麦克风后重试。',
    'microphone.busy': '无法打开麦克风：它正被其他程序占用。请关闭该程序后重试。',
    'microphone.insecure': '浏览器不向此页面提供麦克风：页面必须通过 https 或在本机（localhost）打开。',
    'microphone.gone': '麦克风已被拔出。',
    'sound.none': '此处无法播放声音：{what}',
    'line.lost': '通话声音已中断。请重新收听。',
    'line.signedOut': '您已退出登录。',
  },
})

/** A key of these words. */
export type SoundWordKey = Parameters<typeof s>[0]
