// From the tables of UCUM 2.2 (Regenstrief Institute, https://ucum.org/license), case-sensitive codes only.

export const UCUM_PREFIXES = 'E G M P T Y Z a c d da f h k m n p u y z'

/** Units that take a prefix. */
export const METRIC_UNITS = `m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u pc [c] [h] [k]
[eps_0] [mu_0] [e] eV [m_e] [m_p] [G] [g] [ly] gf Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM
cal_[15] cal_[20] cal_m cal_IT cal_th cal tex m[H2O] m[Hg] eq osm g% kat U [iU] [IU] Np B B[SPL] B[V]
B[mV] B[uV] B[10.nV] B[W] B[kW] st mho bit By Bd`

/** Units that take none. */
export const OTHER_UNITS = `10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] deg gon ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo AU Torr
atm [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i]
[bf_i] [cr_i] [mil_i] [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [rch_us] [rlk_us]
[fth_us] [fur_us] [mi_us] [acr_us] [srd_us] [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br]
[lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br] [kn_br] [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us]
[gil_us] [foz_us] [fdr_us] [min_us] [crd_us] [bu_us] [gal_wi] [pk_us] [dqt_us] [dpt_us] [tbs_us] [tsp_us]
[cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pk_br] [bu_br] [qt_br] [pt_br] [gil_br] [foz_br]
[fdr_br] [min_br] [gr] [lb_av] [lbf_av] [oz_av] [dr_av] [scwt_av] [lcwt_av] [ston_av] [lton_av] [stone_av]
[pwt_tr] [oz_tr] [lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] [pnt] [pca] [pnt_pr] [pca_pr] [pied]
[pouce] [ligne] [didot] [cicero] [degF] [degR] [degRe] [Cal] [Btu_39] [Btu_59] [Btu_60] [Btu_m] [Btu_IT]
[Btu_th] [Btu] [HP] [den] [in_i'H2O] [in_i'Hg] [PRU] [wood'U] [diop] [p'diop] %[slope] [mesh_i] [Ch] [drp]
[hnsf'U] [MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M] [hp_Q] [kp_X] [kp_C] [kp_M] [kp_Q]
[pH] [S] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] [dye'U]
[smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU]
[AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] Ao b att [psi] circ sph [car_m] [car_Au] [smoot]
[m/s2/Hz^(1/2)] bit_s`

/**
 * Annotations, separated by `;`: those of HL7's value sets of common UCUM units, and those that test data of public
 * servers has. Any other text in braces is free text.
 */
export const ANNOTATIONS = `#;# of calculi;# of donor informative markers;# of fetuses;# of informative markers;0to3Hours;1.73_m2
1/2cys;2 or 3 times;25Cel;3 times;37Cel;4 times;5 times;AHF'U;APS'U;ARU;ATP;Abnormal;Absorbance'U;Activity
ActivityCoefficient;AntibodyResponse'U;Applicator;AspirinReaction'U;BCE;BasalActivity;Bead;Beats;Binding
Blockade;Bottle;Bound;Bowls;Breaths;CAE'U;CAG_repeats;CGG;CGG_repeats;CH100'U;CPM;CagRepeat;Can;Cans
Capsule;Carboxyhemoglobin;Cell;Cells;CfTiter;ComplementActivityEnzyme'U;ComplementCH100'U;ComplementCH50'U
Conversion;Copies;Cound;Count;Counts;Cre;Ct;DDU;Dalton;DdTiter;DeltaOpticalDensity;Dilution;Disintegrations;Dose
Drinks;DryWeight;EIA'U;EIAIndex;EIATiter;EIA_index;EIA_titer;ELISA'U;ERY;EV;Each;Ehrlich'U;EhrlichU
Ehrlich_U;Elisa'U;ElisaIndex;ElisaU;ElisaValue;Elisa_U;Entity;EosSeen;Events;Excretion;FEU;FIU;Fat
FetalErythrocytes;FluorescenceIntensity'U;G;G-PortionPhospholipids;GAA_repeats;GF;GPS'U;GliadinIndexValue
Globules;H.B.;H2O;HA_titer;HGB;HaTiter;Hb;Hemoglobin;HemoglobinA1C;HemoglobinSaturation;Hemolysis;Hgb
HumanResponse;IFA_index;IFA_titer;INR;INR'unit;ISR;IfaIndex;IfaTiter;IgAAntiphosphatidyleserine'U
IgAPhospholipid'U;IgGAntiphosphatidyleserine'U;IgGIndex;IgMAntiphosphatidyleserine'U;IgMIndex
ImmuneComplex'U;ImmuneStatusRatio;Immunity;Immunofluorescence'U;Index;IndexValue;Index_val
InhaledTobaccoUseAmountYears;InhaledTobaccoUsePacks;Inhibition;JDF'U;JuvenileDiabetesFound'U;KCT'U;KRONU'U
Live;Log;Log_IU;Log_copies;LymeIndexValue;Lyme_index_value;M-PortionPhospholipids;M.o.M;M.o.M.;MPS'U
Markers;Molecule;MultOfMean;Negative Control;NonspecificOunce;Normal;NormalControl;NormalPooledPlasma
Number;OD_unit;OIF;OfLymphocytes;OfWBCs;Once;OpticalDensity;OpticalDensityIndex;OpticalDensityRatio;Oxygen
P2Y12 Reaction Units;PackYears;Package;Packs;Pan_Bio'U;Patch;Percentile;Phenylketones;Pill;Platelet
Polarization'U;Positive;Pouches;Precipitate;Protein;RBC;RBCs;RPI'U;RadioactiveT3UptakeRatio;Reactivity
RecTiter;Relative'U;RelativeViscosity;RubellaVirus;Rubella_virus;STDV;SatIndex;Scoop;ScoreOf;Specimen
SpermMotility;Spermatozoa;StandardDeviation;StandardIgA'U;StandardIgG'U;StandardIgM'U;StdDeviation'U
StimulatingIndex;Streptozyme'U;T-score;T4;TIBC'U;TSI_index;ThyroxinUptake'U;Times;Tine'U;Tissue
Tot'Cholesterol;Tot'Hgb;Tot'Volume;Vvolume;Total;TotalProtein;TotalVolume;TotalWeight;ToxoplasmaIndexValue;Uptake
Vial;Volume;WBC;WBCs;WeeksDays;WeightToWeight;WhiteBloodCell;Z-score;abnormal;absorbance;activity
aggregation;at_60_min;bacteria;basal_activity;baseline;beat;beats;binding;binding_index;blockade;blocked
body'wt;body_wt;bound;breakdown;capsule;cell;cells;cfu;class;clock time;clock_time;collection;control
copies;count;cre;creat;creatinine;cytosol_protein;day;days;deficient;delta_OD;dilution;dose;drop;drops
dry_tissue;dry_wt;each;ejaculate;entity;eqv;events;excretion;feces;fetal_RBCs;fetus;fraction;genomes
globulin;h'b;hair;hb;hemoglobin;hemolysis;hgb;index;index_val;inhibition;kp_C;lgCopies;log_IU;log_copies
loss;loss_AChR;lysis;minidrop;minidrp;mm/dd/yyyy;molecule;month;months;mucosa;mutation;neutrophils;nominal
normal;normal_pooled_plasma;number;ofAvailable;ofBacteria;oif;pack;packs;patch;penetration;percentile
phenotype;platelet;points;positive;prot;protein;puff;ratio;rbc;reactive;recovery;reference;relative
relative_saturation;residual;response;risk;s_co_ratio;saturation;score;shift;specimen;spermatozoa;spray
steps;tablet;tbl;tissue;titer;tot;tot'nit;tot'prot;tot_nit;tot_prot;total;total_nit;total_output
total_prot;total_vol;total_volume;total_weight;unit;units;uptake;urea;v/v;viable;visit;visits;vol;week
weeks;wet'tis;wet_tis;wet_tissue;year;years`
