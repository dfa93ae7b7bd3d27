import t from 'tap'
import { checkEvaluated } from '../../../support/evaluated.js'

t.test('functions on numbers', async (t) => {
  checkEvaluated(t, {
    '(-5).abs()': 'number 5',
    '(-1.5).abs()': 'number 1.5',
    '1.1.ceiling()': 'number 2',
    '(-1.1).ceiling()': 'number -1',
    '1.9.floor()': 'number 1',
    '(-1.1).floor()': 'number -2',
    '(-1.9).truncate()': 'number -1',
    '2.5.round()': 'number 2',
    '3.5.round()': 'number 4',
    '2.345.round(2)': 'number 2.34',
    '9.sqrt()': 'number 3',
    '0.exp()': 'number 1',
    '1.ln()': 'number 0',
    '8.log(2)': 'number 3',
    '2.power(10)': 'number 1024',
    '2.power(-1)': 'number 0.5',
    'multipleBirth.power(2)': 'number 4',
  })
})

t.test('what has no number as a result is nothing', async (t) => {
  checkEvaluated(t, { '(-1).sqrt()': '', '0.ln()': '', '5.log({})': '', '5.power({})': '', '{}.abs()': '' })
})

t.test('a result beyond 32 bits, or a decimal beyond 96, fails', async (t) => {
  checkEvaluated(t, {
    '10.power(10)': 'failed',
    '9999999999.5.floor()': 'failed',
    '100.exp()': 'failed',
    '(10.0).power(28)': 'number 1e+28',
  })
})

t.test('only numbers will do', async (t) => {
  checkEvaluated(t, {
    "'5'.abs()": 'failed',
    'active.round()': 'failed',
    "5.round('1')": 'failed',
    '5.round(-1)': 'failed',
    'name.abs()': 'failed',
  })
})
