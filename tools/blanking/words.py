"""Words that are people's names and something else as well: what blanking must not take out of a medical text.

The lists are our own, from everyday medical English; a name that is in none of them is blanked wherever it stands.
All words are as `spellings` gives them: case-folded, without accents.
"""

from __future__ import annotations


def _words(*texts: str) -> frozenset[str]:
    return frozenset(" ".join(texts).split())


EPONYMS = _words(
    "addison alport alzheimer apgar asperger babinski baker barrett bartholin bartter basedow behcet bell bence "
    "berger bouchard bowen bowman bright brodie brugada buerger burkitt chagas charcot chiari clark cohn conn "
    "cooley coombs cowper crohn cushing danlos dane down duchenne dukes duke dupuytren ebstein edwards ehlers "
    "eisenmenger epstein ewing fallot fanconi felty fuhrman gaucher gilbert gleason goodpasture graves guillain "
    "hansen hartmann hashimoto heberden henoch hess hippel hirschsprung hodgkin hodgkins horner howell hunt "
    "huntington hurthle jones kaposi kaplan kartagener kawasaki kerley keshan klatskin klinefelter koch kohler "
    "kreutz krukenberg langerhans laurent leydig lindau louis lynch mallory marfan marie mccune meckel meier "
    "meniere merkel mirizzi monro morton moschcowitz muller murphy nissen osler paget pancoast parkinson perthes "
    "peutz pick pott purkinje quincke ranson raynaud reed reinke reiter reye reynolds riedel rinne romberg roth "
    "rothmund russell schlatter schonlein schwann scheuermann sertoli sheehan simmonds sjogren spitz starling "
    "sternberg stevens sturge takayasu tay todd tourette troisier turner valsalva virchow volkmann wagner warthin "
    "waterhouse weber wegener wernicke whipple wilms wilson wolff zenker zollinger")
"""Names in the names of diseases, signs, tests and structures: they stay where such a word follows."""

TERMS = _words(
    "abscess adenoma agent anomaly antigen aphasia area arthritis bodies body bypass canal carcinoma cell cells "
    "chorea contracture corpuscle criteria crisis cyst deformity degeneration dementia disease diseases disorder "
    "diverticulum duct ductus effect epilepsy esophagus oesophagus fascia fever formula fracture fractures ganglion "
    "gland glands glomerulonephritis grade granulomatosis hernia index infarct islet islets law line lines lymphoma "
    "lymphomas macula maneuver manoeuvre metaplasia murmur myxoma neuroma neuropathy nevus node nodes nodule "
    "nodules oedema palsy paralysis phenomenon plaque pouch procedure protein proteins psychosis purpura reaction "
    "reflex rule sarcoma scale score shift sign signs spots stage staging stain syndrome syndromes tendon test "
    "tetralogy thyroiditis triad tuberculosis tumor tumour tumors tumours ulcer virus vasculitis")
"""What stands behind an eponym."""

ORDINARY = _words(
    # everyday words and months that a medical text needs
    "age april arm august autumn back bar base bass bay best bill black block blood blue bond bow branch bridge "
    "brown burn burns call case cash chance clear close clot cloud cold comfort corn cough court cross crystal dale "
    "day days do does dry ear east eve ever eye face fair fall falls fast fever field fine fish flat flood flow fly "
    "foot ford form free gall good grade grand gray green grey ground gut hall ham hand hands hard head heart heel "
    "high hill hip home hood hook hope horn house how in ink iris joint joy june just keen key knee land large last "
    "lay lead leaf lean leave left leg light lily limb link lip long low lung male man mark march marks mass may "
    "mean mild mile miles mine minor mode moon more most mount mouth nail neck new node noon normal north nose "
    "nurse off old pain pale palm past patch path patience peak per pill pin plant plate point pole pool poor port "
    "pound power price prior pure quick race rain ran rash ray red reed rest rib rice rich ridge right ring rise "
    "rising river root rose round rush sad salt sand say self shade sharp shell shin short shot side silver simple "
    "single site skin skull small smart smooth snow so sole son south speed spine spring square stage star steel "
    "stem still stone strange street strong study summer sun sweet swift tail tall test thing thorn toe toll tongue "
    "tooth top tower town tree trial true trunk tube twin urine van vein view virgin walk wall ward warm wart water "
    "wave way week weeks weight well west wheat white whole wide will wind wine winter wise wood word worth wound "
    "wrist yes yolk young",
    # what phantoms and test sets bear as names
    "abdomen abdominal adult ankle anonymous anterior aorta artery axial bladder body bolus bone brain breast "
    "cardiac cell cells chest child colon contrast control core coronal cortex ct cyst data demo dental disc dose "
    "example female film flash glucose hair health hepatic image ir joint kidney label lateral lens lesion liver "
    "lobe lumbar lump lungs medical mr mri muscle name nasal nerve nodule organ ovary pancreas patient pelvis pet "
    "phantom phase plasma pleura positive negative posterior prostate protein pulse rectum renal sagittal sample "
    "scalp scan score scout series serum shoulder signal sinus slice slide sodium spinal spleen stain standard "
    "stomach subject synthetic teeth temple thigh thorax throat thumb thyroid tissue torso total training tumor "
    "tumour ulna unknown upper us user uterus valve vessel vital volume waist",
    # small words of other languages that are parts of names
    "al an and de del den der des di dos du el la las le les los no of or st the to und von zu")
"""Everyday words: alone they stay, beside another part of the name or behind a label they go."""

TITLES = _words(
    "dr mr mrs ms miss mx herr frau monsieur madame mme sr sra senor senora signor signora sir dame lady mister "
    "patient pat pt patientin name names vorname nachname surname forename firstname lastname nom prenom nombre "
    "dear")
"""What stands before a person's name."""

PARTICLES = _words("van von de der den del di da la le du dos al el bin")
"""What may stand between the parts of a name."""
