/**
 * UCUM units of measured values, the frequent ones first. None is a unit of time, in which a value could be an age; a
 * test looks at their atoms. Units with a free annotation, such as `{score}`, are listed one by one, because an
 * annotation can say anything.
 */
export const UNITS_OF_MEASURE: readonly string[] = `
mg/dL mm[Hg] /min mmol/L cm {score} kg kg/m2 % fL g/dL 10*3/uL U/L pg 10*6/uL mL/min g/L kU/L Cel {nominal}
mg/g mL/min/{1.73_m2} {count} ng/mL {T-score} mm pg/mL 1 g mg ug ng m [lb_av] [oz_av] [in_i] [ft_i] [degF] m2
cm2 mm2 L dL mL uL cm3 mm3 [foz_us] kg/m kg/m3 g/cm3 g/mL mg/mL ug/mL ng/dL ug/dL mg/L ug/L ng/L pg/dL fg/mL
fg pg/L mmol mol umol nmol pmol mol/L umol/L nmol/L pmol/L fmol/L mmol/dL umol/dL mmol/kg mmol/mol umol/mol
nmol/mol mmol/mmol umol/mmol nmol/mmol umol/g nmol/g nmol/mg pmol/mg umol/mg mg/mmol g/mol g/mmol mmol/g
mol/mol mol/kg mmol/m2 meq meq/L meq/dL ueq/L mosm/kg mosm/L osm/kg mosm [iU] [iU]/L [iU]/mL [iU]/dL [iU]/kg
[iU]/g m[iU]/L m[iU]/mL u[iU]/mL u[iU]/L k[iU]/L k[iU]/mL 10*3.[iU] U U/mL U/dL U/g mU/L mU/mL kU uU/mL U/mg
nU/mL [arb'U] [arb'U]/mL [arb'U]/L [GPL'U] [MPL'U] [APL'U] [GPL'U]/mL [MPL'U]/mL [beth'U] kat/L ukat/L nkat/L
kat/kg nkat/mL 10*9/L 10*12/L 10*6/L 10*3/L 10*3/mL 10*6/mL 10*9/mL 10*5 10*6 10*3 10*9 10*12 /uL /mL /L /mm3
/dL /10*3 /10*6 /10*9 /g {cells}/uL {copies}/mL {copies}/uL {copies} {log_copies}/mL [CFU] [CFU]/mL [CFU]/L
[CFU]/g {#} {#}/uL {#}/mL {#}/L {#}/[HPF] {#}/[LPF] /[HPF] /[LPF] /[arb'U] {cells} {ratio} {index} {INR}
{titer} {M.o.M} {Z-score} {RBC} {WBC} {positive} %{saturation} %{vol} %{total} %{hemoglobin} %{inhibition}
%{activity} %{baseline} %{WBCs} %{RBCs} [ppm] [ppb] [ppth] [pH] mg/kg ug/kg ng/kg g/kg ug/g ng/g ng/mg ug/mg
pg/mg mg/mg g/g kg/kg g/m2 mg/m2 ug/m2 mL/kg L/kg mL/m2 L/m2 mL/dL mL/L mL/mL L/L uL/mL mg/{tablet}
ug/{TotalVolume} mg/{TotalVolume} kPa Pa mPa cm[H2O] mm[H2O] bar mbar atm [psi] dyn.s/cm5 dyn.s.cm-5 [diop] /h
/d /wk /s Hz kHz MHz {beats}/min {events}/h m/s cm/s mm/h mm/s km/h m/s2 L/min mL/h mL/s mL/d L/h L/d L/s
mL/min/m2 mL/kg/min mL/min/kg mL/kg/h L/min/m2 uL/min uL/h ug/min ng/min mg/min ug/h mg/h mg/d g/d ug/d ng/d
g/h g/min kg/d mmol/d umol/d nmol/d mol/d mmol/h umol/h umol/min nmol/min mmol/min meq/d meq/h ug/kg/min
ug/kg/h mg/kg/h mg/kg/min mg/kg/d mg/m2/d U/h U/min U/d [iU]/h [iU]/d m[iU]/h kcal/d kJ/d kat/s g/(24.h)
mg/(24.h) ug/(24.h) mmol/(24.h) umol/(24.h) nmol/(24.h) meq/(24.h) mL/(24.h) L/(24.h) /(24.h) 10*3/min kcal
cal kJ J eV [Cal] kcal/[oz_av] W V mV uV kV A mA Ohm kOhm F S mS T mT Gy cGy mGy Sv mSv uSv Bq kBq MBq GBq Ci
mCi uCi nCi dB dB[SPL] lm lx cd N kN nm um km um2 K [drp] Torr mL/cm[H2O] L/cm[H2O] mL/mm[Hg] cm[H2O]/L/s W/kg
mg/L{FEU} ng/mL{FEU} ug/mL{FEU} {FEU}/mL [mi_i] [yd_i] [qt_us] [pt_us] [gal_us] [cup_us] [tbs_us] [tsp_us]
[stone_av] t
`
  .trim()
  .split(/\s+/)
