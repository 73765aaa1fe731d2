"""The words of seven languages that carry grammar: all that the gate knows of a language.

Written without accents, unless they part two words, and in small letters; "_" stands for a blank. Of forms parted by
"/" the first stands for all of them. Everything else is a content word, whatever it means: the gate knows no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    IDLE = "idle"  # says nothing of its own: articles, auxiliaries, pronouns
    WEAK = "weak"  # a preposition that may be another one in a true compression ("in", "at")
    LINK = "link"  # a preposition that tells roles
    PERSON = "person"  # who speaks, and who is spoken to
    AND = "and"
    OR = "or"
    NOT = "negation"
    CONDITION = "condition"  # or an exception: whatever stands in its sentence depends on it
    DUTY = "duty"
    MAY = "permission"
    ALL = "all"  # may be left out, but what it counts may not be widened
    BOUND = "bound"  # quantity or order
    LIMIT = "limit"  # a bound before a number, else a preposition ("under 5", "under this Agreement")
    TIME = "time"
    WHO = "who"  # or which, or where: what begins with it narrows what it follows
    REPLY = "yes or no"
    TOGETHER = "pairing"  # pairs the members of two lists
    NUMBER = "number"
    WORD = "word"


TURNS = frozenset({Kind.NOT, Kind.CONDITION, Kind.DUTY, Kind.MAY, Kind.BOUND, Kind.TIME, Kind.WHO, Kind.TOGETHER})
"""What turns a statement round, or narrows it."""
JOINS = frozenset({Kind.AND, Kind.OR})

_WORDS: dict[str, dict[Kind, str]] = {
    "english": {
        Kind.IDLE: """
            a an the this that these those is are was were be been being am has have had having do does did it its
            their his her they them he she him we us you your our i my there here so then also thereof therein
            hereby herein such""",
        Kind.WEAK: "at in on with for as into onto about via",
        Kind.LINK: "of by to from upon per through among towards",
        Kind.PERSON: "we/us/our/ours you/your/yours i/me/my/mine",
        Kind.AND: "and but",
        Kind.OR: "or",
        Kind.NOT: "not/no/none never without neither nor nobody nothing nowhere",
        Kind.CONDITION: """
            unless except/excepting/excluding/other_than/save_for only/solely/exclusively if until provided_that
            subject_to provided_however so_long as_long""",
        Kind.MAY: "may/can",
        Kind.DUTY: "must/shall should will would could might",
        Kind.ALL: "all any each every",
        Kind.BOUND: """
            least most more less/fewer exceed/exceeds/exceeding no_less/not_less no_more/not_more no_later/not_later
            some both either first second third last than""",
        Kind.LIMIT: "over under above below up",
        Kind.TIME: "within before/prior_to after/following during since while once between against",
        Kind.WHO: "who/whom whose which when/whenever where/wherever",
        Kind.REPLY: "yes",
        Kind.TOGETHER: "respectively",
    },
    "german": {
        Kind.IDLE: """
            der/die/das/den/dem/des ein/eine/einen/einem/einer/eines ist/sind/war/waren/sei wird/werden/wurde/wurden
            worden hat/haben/hatte/hatten er sie es ihr/ihre/ihren/ihrem/ihrer sein/seine/seinen/seinem/seiner sich
            dieser/diese/dieses/diesen/diesem dies so auch hiermit""",
        Kind.WEAK: "in/im an/am auf/aufs bei/beim mit als fur uber zum/zur",
        Kind.LINK: "von/vom durch zu aus gegenuber",
        Kind.PERSON: "wir/uns/unser/unsere/unserer/unseren/unserem ich/mir/mich/mein/meine",
        Kind.AND: "und/sowie aber/jedoch sondern",
        Kind.OR: "oder",
        Kind.NOT: "nicht kein/keine/keinen/keinem/keiner/keines nie/niemals niemand nichts ohne weder noch",
        Kind.CONDITION: """
            wenn falls sofern soweit es_sei ausser ausgenommen nur/ausschliesslich/lediglich bis vorausgesetzt
            vorbehaltlich mit_ausnahme""",
        Kind.MAY: "darf/durfen kann/konnen",
        Kind.DUTY: "muss/mussen soll/sollen sollte/sollten",
        Kind.ALL: "alle/allen/aller jeder/jede/jedes/jeden/jedem",
        Kind.BOUND: """
            mindestens/wenigstens hochstens/maximal mehr weniger einige beide/beiden erste/ersten/erster
            zweite/zweiten/zweiter dritte/dritten letzte/letzten als""",
        Kind.LIMIT: "uber unter innerhalb/binnen bis_zu",
        Kind.TIME: "vor nach wahrend seit sobald nachdem bevor zwischen gegen",
        Kind.WHO: "wo wann welcher/welche/welches/welchen deren/dessen",
        Kind.REPLY: "ja nein",
        Kind.TOGETHER: "jeweils beziehungsweise bzw",
    },
    "french": {
        Kind.IDLE: """
            le/la/les/l un/une ce/cette/ces/cet est/sont/etait/etaient/etre/soit a/ont/avait/avoir il/elle/ils/elles
            se/s son/sa/ses leur/leurs y en ci qu que ainsi aussi""",
        Kind.WEAK: "dans sur pour avec en au/aux chez comme",
        Kind.LINK: "de/du/des/d par a vers envers",
        Kind.PERSON: "nous/notre/nos vous/votre/vos je/me/mon/ma/mes",
        Kind.AND: "et mais",
        Kind.OR: "ou",
        Kind.NOT: "ne/n pas non jamais aucun/aucune ni sans rien nul/nulle personne",
        Kind.CONDITION: """
            si/s_il sauf hormis excepte seulement/uniquement/exclusivement jusqu sous_reserve pourvu a_condition""",
        Kind.MAY: "peut/peuvent/pourra/pourront",
        Kind.DUTY: "doit/doivent/devra/devront devrait/devraient pourrait/pourraient",
        Kind.ALL: "chaque chacun tout/tous/toute/toutes",
        Kind.BOUND: """
            moins plus maximum minimum quelques deux premier/premiere second/seconde troisieme dernier/derniere que
            depasse/depasser""",
        Kind.LIMIT: "sous",
        Kind.TIME: "avant apres pendant/durant lorsque/quand depuis des entre contre",
        Kind.WHO: "qui dont lequel/laquelle/lesquels",
        Kind.REPLY: "oui",
        Kind.TOGETHER: "respectivement",
    },
    "spanish": {
        Kind.IDLE: """
            el/la/los/las un/una/unos/unas este/esta/estos/estas ese/esa es/son/era/eran/ser/sea ha/han/haya hay se
            su/sus lo le les que asi tambien ello""",
        Kind.WEAK: "en para con sobre como al",
        Kind.LINK: "de/del por a hacia",
        Kind.PERSON: "nosotros/nos/nuestro/nuestra/nuestros/nuestras usted/ustedes yo/me/mi/mis",
        Kind.AND: "y/e pero sino",
        Kind.OR: "o/u",
        Kind.NOT: "no nunca ningun/ninguno/ninguna ni sin nada nadie tampoco",
        Kind.CONDITION: """
            si salvo excepto solo/solamente/unicamente/exclusivamente hasta siempre_que sujeto_a condicion_de
            a_condicion""",
        Kind.MAY: "puede/pueden/podra/podran",
        Kind.DUTY: "debe/deben/debera/deberan deberia/deberian podria/podrian",
        Kind.ALL: "cada todo/todos/toda/todas",
        Kind.BOUND: """
            menos mas maximo minimo algunos ambos/ambas primer/primero/primera segundo/segunda tercer/tercero
            ultimo/ultima""",
        Kind.LIMIT: "bajo",
        Kind.TIME: "antes despues durante cuando desde mientras entre contra",
        Kind.WHO: "quien/quienes cual/cuales cuyo/cuya donde",
        Kind.REPLY: "sí",
        Kind.TOGETHER: "respectivamente",
    },
    "italian": {
        Kind.IDLE: """
            il/lo/la/i/gli/le/l un/uno/una questo/questa/questi/queste essere sia sono ha/hanno si suo/sua/suoi/sue
            loro che anche cosi ne vi è""",
        Kind.WEAK: "in/nel/nella/nei/nelle su/sul/sulla per con come",
        Kind.LINK: "di/del/della/dei/delle/dello/dell/d da/dal/dalla/dai/dall a/al/alla/ai/alle/all verso",
        Kind.PERSON: "noi/ci/nostro/nostra/nostri/nostre voi/vostro/vostra/vostri/vostre io/mi/mio/mia",
        Kind.AND: "e/ed ma",
        Kind.OR: "o/od",
        Kind.NOT: "non mai nessun/nessuno/nessuna ne senza nulla niente",
        Kind.CONDITION: """
            se salvo tranne eccetto solo/soltanto/esclusivamente/unicamente fino purche a_condizione soggetto_a""",
        Kind.MAY: "puo/possono/potra/potranno",
        Kind.DUTY: "deve/devono/dovra/dovranno dovrebbe/dovrebbero potrebbe/potrebbero",
        Kind.ALL: "ogni ciascuno/ciascuna tutto/tutti/tutte",
        Kind.BOUND: """
            meno piu massimo minimo alcuni entrambi/entrambe primo/prima secondo/seconda terzo/terza ultimo/ultima""",
        Kind.LIMIT: "entro oltre",
        Kind.TIME: "prima dopo durante quando mentre tra/fra contro",
        Kind.WHO: "chi quale/quali cui dove",
        Kind.REPLY: "sì",
        Kind.TOGETHER: "rispettivamente",
    },
    "portuguese": {
        Kind.IDLE: """
            o/a/os/as um/uma este/esta/estes/estas esse/essa sao ser seja foi/foram tem ha seu/sua/seus/suas que
            tambem assim lhe""",
        Kind.WEAK: "em/no/na/nos/nas para com sobre como ao/aos",
        Kind.LINK: "de/do/da/dos/das por/pelo/pela",
        Kind.PERSON: "nós/nosso/nossa/nossos/nossas você/vocês eu/me/meu/minha",
        Kind.AND: "e mas",
        Kind.OR: "ou",
        Kind.NOT: "nao nunca nenhum/nenhuma nem sem nada ninguem",
        Kind.CONDITION: "se salvo exceto so/somente/apenas/exclusivamente ate desde_que sujeito_a a_condicao",
        Kind.MAY: "pode/podem/podera/poderao",
        Kind.DUTY: "deve/devem/devera/deverao deveria/deveriam poderia/poderiam",
        Kind.ALL: "cada todo/todos/toda/todas",
        Kind.BOUND: """
            menos mais maximo minimo alguns ambos/ambas primeiro/primeira segundo/segunda terceiro/terceira
            ultimo/ultima""",
        Kind.LIMIT: "sob",
        Kind.TIME: "antes apos/depois durante quando enquanto entre contra",
        Kind.WHO: "quem qual/quais cujo/cuja onde",
        Kind.REPLY: "sim",
        Kind.TOGETHER: "respectivamente",
    },
    "dutch": {
        Kind.IDLE: """
            de/het een dit/deze/die/dat is/zijn/was/waren wordt/worden/werd/werden heeft/hebben/had hij zij ze het
            hun haar zich er ook zo hierbij""",
        Kind.WEAK: "in op met voor als bij aan over",
        Kind.LINK: "van door tot uit naar te jegens",
        Kind.PERSON: "wij/we/ons/onze u/uw/je/jij/jouw ik/mij/mijn",
        Kind.AND: "en maar",
        Kind.OR: "of",
        Kind.NOT: "niet geen nooit niemand niets zonder noch",
        Kind.CONDITION: "indien/als tenzij behalve uitgezonderd alleen/slechts/uitsluitend totdat mits behoudens",
        Kind.MAY: "mag/mogen kan/kunnen",
        Kind.DUTY: "moet/moeten dient/dienen zal/zullen zou/zouden behoort/behoren",
        Kind.ALL: "alle elk/elke ieder/iedere",
        Kind.BOUND: """
            minste/minstens hoogste/hoogstens/maximaal meer minder enkele beide eerste tweede derde laatste dan""",
        Kind.LIMIT: "boven onder binnen",
        Kind.TIME: "voordat na nadat tijdens wanneer sinds zodra terwijl tussen tegen",
        Kind.WHO: "wie wiens welke/welk waar",
        Kind.REPLY: "ja nee",
        Kind.TOGETHER: "respectievelijk",
    },
}


@dataclass(frozen=True, slots=True, eq=False)  # there is one of each
class FunctionWords:
    """A language's function words by form as read: what stands for it, and its kind."""

    name: str  # as its stemmer is called
    words: Mapping[str, tuple[str, Kind]]


def _read(name: str, kinds: Mapping[Kind, str]) -> FunctionWords:
    found: dict[str, tuple[str, Kind]] = {}
    for kind, listed in kinds.items():
        for group in listed.split():
            first, *others = group.split("/")
            for form in (first, *others):
                found[form] = (first, kind)  # what is listed under a later, stricter kind is of that one
    return FunctionWords(name, found)


LANGUAGES: tuple[FunctionWords, ...] = tuple(_read(name, kinds) for name, kinds in _WORDS.items())
"""English first: it is what a text is read as that could be of several."""
