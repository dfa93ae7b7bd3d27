// Holds src/rules/evaluate/functions/texts.ts, src/rules/evaluate/functions/encodings.ts,
// src/rules/evaluate/functions/replacement.ts.
import t from 'tap'
import { checkEvaluated } from '../../../support/evaluated.js'

t.test('functions on texts', async (t) => {
  checkEvaluated(t, {
    "'abc'.length()": 'number 3',
    "'aß'.upper()": 'text ASS',
    "'AÉ'.lower()": 'text aé',
    "' a\u0085'.trim()": 'text a',
    "'ab'.toChars()": 'text a, text b',
    "'abcb'.indexOf('b')": 'number 1',
    "'abcb'.lastIndexOf('b')": 'number 3',
    "'abc'.indexOf('x')": 'number -1',
    "'abc'.substring(1)": 'text bc',
    "'abc'.substring(1, 1)": 'text b',
    "'abc'.substring(1, {})": 'text bc',
    "'abc'.substring(0, -1)": 'text ',
    "'abc'.substring(3)": '',
    "'abc'.substring(-1)": '',
    "'abc'.contains('b')": 'boolean true',
    "'a,b,'.split(',')": 'text a, text b, text ',
    "name.given.join('-')": 'text Ann-Bea-Cleo',
    'name.given.join()': 'text AnnBeaCleo',
    '{}.join()': '',
  })
})

t.test('the start and end of a text are compared as a culture does', async (t) => {
  checkEvaluated(t, {
    "'a\u00adb'.startsWith('ab')": 'boolean true',
    "'é'.endsWith('e\u0301')": 'boolean true',
    "'a\u00adb' = 'ab'": 'boolean false',
  })
})

t.test('replace: every place, and between all characters for an empty text', async (t) => {
  checkEvaluated(t, {
    "'aXbX'.replace('X', '-')": 'text a-b-',
    "'ab'.replace('', '-')": 'text -a-b-',
    "'ab'.replace('a', '$&')": 'text $&b',
    "'ab'.replace({}, 'x')": '',
  })
})

t.test('replaceMatches: groups by number and name, as .NET writes them', async (t) => {
  checkEvaluated(t, {
    "'2015-02'.replaceMatches('(\\\\d+)-(\\\\d+)', '$2/$1')": 'text 02/2015',
    "'ab'.replaceMatches('(?<x>a)', '<${x}>')": 'text <a>b',
    "'ab'.replaceMatches('(a)', '${1}1')": 'text a1b',
    "'ab'.replaceMatches('[ab]', '$0$0')": 'text aabb',
    "'ab'.replaceMatches('a', '$$')": 'text $b',
    "'ab'.replaceMatches('(a)', '$5')": 'text $5b',
    "'ab'.replaceMatches('(a)', '$12')": 'text a2b',
    "'abc'.replaceMatches('b', '[$`|$\\'|$&]')": 'text a[a|c|b]c',
    "'ab'.replaceMatches('(', 'x')": 'failed',
  })
})

t.test('encodings and escapes', async (t) => {
  checkEvaluated(t, {
    "'ä?'.encode('base64')": 'text w6Q/',
    "'ä?'.encode('urlbase64')": 'text w6Q_',
    "'ä'.encode('hex')": 'text c3a4',
    "'w6Q/'.decode('base64')": 'text ä?',
    "'c3a4'.decode('hex')": 'text ä',
    "'a'.encode('rot13')": 'failed',
    "'<a & \"b\">'.escape('html')": 'text &lt;a &amp; &quot;b&quot;&gt;',
    "'&lt;&amp;lt;'.unescape('html')": 'text <&lt;',
    "'a\"b'.escape('json')": 'text a\\"b',
    "'a\\\\nb'.unescape('json')": 'text a\nb',
    "'\"'.unescape('json')": 'failed',
    "'a'.escape('xml')": 'failed',
  })
})

t.test('what is not one text: nothing gives nothing, all else fails', async (t) => {
  checkEvaluated(t, {
    '{}.upper()': '',
    "'a'.startsWith({})": '',
    '5.length()': 'failed',
    'birthDate.length()': 'failed',
    'active.upper()': 'failed',
    'name.given.upper()': 'failed',
    'name.upper()': 'failed',
    "'a'.startsWith(5)": 'failed',
    "'a'.substring('b')": 'failed',
    'name.count().join()': 'failed',
  })
})
