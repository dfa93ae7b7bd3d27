// ISO 639 (two letters, part 2, and living languages that hospitals record), ISO 3166, ISO 4217, media types of IANA; edition of 2025.

export const LANGUAGES = `aa ab ace ach ada ady ae af afa afh aii ain ak akk ale alg als alt am an ang anp apa apw ar arb arc arn arp
art arw as ase ast ath aus av awa ay ayc az azj ba bad bai bal ban bas bat be bej bem ber bfi bg bgp bho bi
bik bin bla bm bn bnt bo br bra bs btk bua bug byn ca cad cai car cau ce ceb cel ch chb chg chk chm chn cho
chp chr chy ckb cld cmc cmn cnh cnr co cop cpe cpf cpp cr crh crp cs csb ctd cu cus cv cy da dak dar day de
del den dgr din doi dra dsb dua dum dv dyu dz ee efi egy eka ekk el elx ems en enm eo es esu et eu ewo fa
fan fat ff fi fil fiu fj fo fon fr frm fro frr frs fsl fur fy ga gaa gay gba gd gem gez gil gl gmh gn goh
gon gor got grb grc gsg gsw gu gv gwi ha hai hak haw hbs he hi hil him hit hmn ho hr hsb ht hu hup hwc hy hz
ia iba id ie ig ii ijo ik ilo inc ine inh io ira iro is it iu ja jam jbo jpr jrb jv ka kaa kab kac kam kar
kaw kbd kea kek kg kha khi kho ki kj kk kl km kmb kmr kn ko kok kos kpe kr krc kri krl kro kru ks ku kum kut
kv kw ky la lad lah lam lb lez lg li ln lo lol loz lt lu lua lui lun luo lus lv lvs mad mag mai mak mam man
map mas mdf mdr men mg mga mh mi mic min mis mk mkh ml mn mnc mni mnk mno moh mos mr ms mt mul mun mus mvf
mwl mwr my myn myv na nah nai nan nap nb nd nds ne new ng nia nic niu nl nn no nog non npi nqo nr nso nub nv
nwc ny nym nyn nyo nzi oc oj om or ory os osa ota oto pa paa pag pal pam pap pau pbt pdc pdt peo pes phi phn
phr pi pl pnb pon pra pro prs ps pst pt qu quc raj rap rar rhg rm rn ro roa rom ru rup rw sa sad sah sai sal
sam sas sat sc scn sco sd se sel sem sg sga sgn sh shn si sid sio sit sk sl sla sm sma smi smj smn sms sn
snk so sog son sq sr srn srr ss ssa st su suk sus sux sv sw swc swh syc syr ta tai te tem ter tet tg th ti
tig tiv tk tkl tl tlh tli tmh tn to tog tpi tr ts tsi tt tum tup tut tvl tvx tw ty tyv tzh tzo udm ug uga uk
umb und ur uz uzn vai ve vi vo vot wa wak wal war was wen wo wuu xal xh yao yap yi yo ypk yue yuf za zap zbl
zen zgh zh zlm znd zu zun zxx zyp zza`

export const SCRIPTS =
  'Arab Armn Beng Cans Cher Cyrl Deva Ethi Geor Grek Gujr Guru Hans Hant Hebr Jpan Khmr Knda Kore Laoo Latn Mlym Mong Mymr Orya Sinh Taml Telu Tfng Thaa Thai Tibt'

/** Areas of UN M49 that BCP 47 has beside countries. */
export const AREAS =
  '001 002 003 005 009 011 013 014 015 017 018 019 021 029 030 034 035 039 053 054 057 061 142 143 145 150 151 154 155 202 419'

/** ISO 3166-1, two letters. */
export const COUNTRIES = `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`

/** ISO 3166-1, three letters. */
export const COUNTRIES_3 = `ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH
BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB
CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO
GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN
IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA
MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER
NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU
RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA
TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT
WLF WSM YEM ZAF ZMB ZWE`

/** ISO 3166-1, numbers. */
export const COUNTRY_NUMBERS = `004 008 010 012 016 020 024 028 031 032 036 040 044 048 050 051 052 056 060 064 068 070 072 074 076 084 086
090 092 096 100 104 108 112 116 120 124 132 136 140 144 148 152 156 158 162 166 170 174 175 178 180 184 188
191 192 196 203 204 208 212 214 218 222 226 231 232 233 234 238 239 242 246 248 250 254 258 260 262 266 268
270 275 276 288 292 296 300 304 308 312 316 320 324 328 332 334 336 340 344 348 352 356 360 364 368 372 376
380 384 388 392 398 400 404 408 410 414 417 418 422 426 428 430 434 438 440 442 446 450 454 458 462 466 470
474 478 480 484 492 496 498 499 500 504 508 512 516 520 524 528 531 533 534 535 540 548 554 558 562 566 570
574 578 580 581 583 584 585 586 591 598 600 604 608 612 616 620 624 626 630 634 638 642 643 646 652 654 659
660 662 663 666 670 674 678 682 686 688 690 694 702 703 704 705 706 710 716 724 728 729 732 740 744 748 752
756 760 762 764 768 772 776 780 784 788 792 795 796 798 800 804 807 818 826 831 832 833 834 840 850 854 858
860 862 876 882 887 894`

/** ISO 3166-2: states, provinces and territories of the United States, Canada, Australia and Germany. */
export const STATES = `US-AL US-AK US-AZ US-AR US-CA US-CO US-CT US-DE US-DC US-FL US-GA US-HI US-ID US-IL US-IN US-IA US-KS
US-KY US-LA US-ME US-MD US-MA US-MI US-MN US-MS US-MO US-MT US-NE US-NV US-NH US-NJ US-NM US-NY US-NC
US-ND US-OH US-OK US-OR US-PA US-RI US-SC US-SD US-TN US-TX US-UT US-VT US-VA US-WA US-WV US-WI US-WY
US-AS US-GU US-MP US-PR US-UM US-VI CA-AB CA-BC CA-MB CA-NB CA-NL CA-NS CA-NT CA-NU CA-ON CA-PE CA-QC
CA-SK CA-YT AU-ACT AU-NSW AU-NT AU-QLD AU-SA AU-TAS AU-VIC AU-WA DE-BW DE-BY DE-BE DE-BB DE-HB DE-HH DE-HE
DE-MV DE-NI DE-NW DE-RP DE-SL DE-SN DE-ST DE-SH DE-TH`

export const CURRENCIES = `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR
NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN
SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG
XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL`

/** Media types that health records hold, FHIR's short names of its own formats, and spellings of earlier years. */
export const MIME_TYPE_LIST = `application/cda+xml application/ccda+xml application/cql+json application/csv application/dicom
application/dicom+json application/dicom+xml application/ecmascript application/edi-x12 application/edifact
application/elm+json application/elm+xml application/epub+zip application/fhir+json application/fhir+ndjson
application/fhir+turtle application/fhir+ttl application/fhir+xml application/geo+json application/graphql
application/gzip application/hl7-cda+xml application/hl7-sda+xml application/hl7-v2 application/hl7-v2+xml
application/javascript application/jose application/jose+json application/json application/json+fhir
application/json-patch+json application/jwk+json application/jwt application/ld+json
application/merge-patch+json application/msword application/ndjson application/octet-stream application/pdf
application/pgp-encrypted application/pgp-signature application/pkcs7-mime application/pkcs7-signature
application/pkix-cert application/rtf application/signature application/smart-health-card
application/soap+xml application/sql application/vnd.ms-excel application/vnd.ms-outlook
application/vnd.ms-powerpoint application/vnd.ms-word application/vnd.oasis.opendocument.presentation
application/vnd.oasis.opendocument.spreadsheet application/vnd.oasis.opendocument.text
application/vnd.openxmlformats-officedocument.presentationml.presentation
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
application/vnd.openxmlformats-officedocument.wordprocessingml.document application/x-fhir-query
application/x-hl7 application/x-ndjson application/x-pdf application/x-zip-compressed application/xhtml+xml
application/xml application/xml+fhir application/xml-patch+xml application/xop+xml application/xslt+xml application/yaml
application/zip application/zstd audio/3gpp audio/32kadpcm audio/aac audio/ac3 audio/aiff audio/amr
audio/basic audio/flac audio/g711 audio/k32adpcm audio/l16 audio/m4a audio/midi audio/mp3 audio/mp4
audio/mpeg audio/ogg audio/opus audio/vnd.wave audio/wav audio/wave audio/webm audio/x-m4a audio/x-wav
image/avif image/bmp image/dicom-rle image/g3fax image/gif image/heic image/heif image/jls image/jp2
image/jpeg image/jpg image/jpm image/jpx image/pjpeg image/png image/svg+xml image/tif image/tiff
image/vnd.microsoft.icon image/webp image/x-icon image/x-ms-bmp image/x-png text/calendar text/cda+xml
text/cql text/cql-expression text/cql-identifier text/cql.expression text/cql.identifier text/css text/csv
text/enriched text/fhirpath text/html text/javascript text/markdown text/plain text/richtext text/rtf
text/sgml text/tab-separated-values text/turtle text/uri-list text/vcard text/x-cda-r1+xml text/x-fhir-query
text/x-hl7-ft text/x-hl7-text+xml text/x-markdown text/xhtml text/xml text/yaml video/3gpp video/avi
video/h264 video/mp4 video/mpeg video/ogg video/quicktime video/webm video/x-avi video/x-matroska
video/x-ms-wmv video/x-msvideo json xml ttl message/rfc822 model/gltf+json model/obj model/stl model/vrml
multipart/alternative multipart/form-data multipart/mixed multipart/related multipart/x-hl7-cda-level-one`
