"""Who and what contracts and policies speak of, in every language that the gate knows: a line, one meaning.

Roles are translated, so a swapped one shows here and nowhere else. Beginnings of words, without accents. Few on
purpose: each is a way to be wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache

from retrieval.gate.language.base import flat

_ORDER = ("en", "de", "fr", "es", "it", "pt", "nl")
_TABLE = """
supplier vendor seller | lieferant anbieter verkaufer | fournisseur vendeur | proveedor vendedor | fornitor
    venditor | fornecedor vendedor | leverancier verkoper
customer client buyer purchaser | kunde kaufer auftraggeber besteller | client acheteur acquereur | cliente
    comprador | client acquirent compratore | cliente comprador | klant koper afnemer opdrachtgever
employee staff worker personnel | mitarbeiter angestellte arbeitnehmer beschaftigte belegschaft | employe
    salarie travailleur collaborateur | empleado trabajador | dipendent lavorator | empregado funcionario
    trabalhador colaborador | werknemer medewerker personeelsleden
employer | arbeitgeber | employeur | empleador | datore datrice | empregador | werkgever
manager supervisor | manager fuhrungskraft fuhrungskrafte vorgesetzt | manager gestionnaire | gerente |
    manager | gerente | manager leidinggevende
director | direktor | directeur directrice | director | direttor | diretor | directeur
board | vorstand verwaltungsrat aufsichtsrat | conseil | consejo junta | consiglio | conselho | raad bestuur
auditor | prufer wirtschaftsprufer abschlussprufer | auditeur commissaire | auditor | revisor | auditor
    revisor | auditor
contractor | auftragnehmer subunternehmer | contractant sous-traitant prestataire | contratista | appaltator
    | contratad empreiteir prestador | aannemer opdrachtnemer
lessor landlord | vermieter | bailleur | arrendador | locator | locador senhorio | verhuurder
lessee tenant | mieter pachter | preneur locataire | arrendatario inquilino | conduttor locatari | locatario
    inquilino | huurder
lender | darlehensgeber kreditgeber | preteur | prestamista | mutuant | mutuante | kredietgever geldgever
borrower | darlehensnehmer kreditnehmer | emprunteur | prestatario | mutuatari | mutuario | kredietnemer
licensor | lizenzgeber | concedant | licenciante | licenziant | licenciante | licentiegever
licensee | lizenznehmer | licencie | licenciatario | licenziatari | licenciado | licentienemer
receiving recipient | empfang | destinataire recepteur receptrice | receptor destinatari | ricevent
    destinatari | recetora receptora destinatari | ontvang
disclosing discloser | offenlegend | divulgatrice divulgateur | reveladora divulgador | divulgant |
    reveladora divulgadora | verstrekkende bekendmakende
visitor | besucher | visiteur | visitante | visitator | visitante | bezoeker
shareholder stockholder | aktionar gesellschafter | actionnaire | accionista | azionist | acionista |
    aandeelhouder
approv consent permission authorisation authorization | genehmig zustimm einwillig erlaubnis freigabe
    freigegeben | approuv approbation accord consentement autorisation | aprob consentimiento autorizacion
    permiso | approv consenso autorizzazion | aprov consentimento autorizacao permissao | goedkeur
    goedgekeurd toestemming instemming
increase rise rose grow grew | steig stieg gestiegen anstieg erhoh wachs zunahme | augment hausse croissance
    | aument incremento crec | aument cresc | aument cresc | stijg steeg gestegen toenem toename groei
    verhog
decrease decline drop fell fallen reduc | sink sank gesunken ruckgang senk reduzier verringer | diminu baiss
    recul redui | dismin redujo reduc reduj | diminu riduz ridott | diminu reduz queda | daling dalen daalde
    gedaald afname verlag vermind
profit gain income | gewinn ertrag | benefices profit | beneficio ganancia | profitto utile guadagno | lucro
    ganho | winst
loss | verlust | perte | perdida | perdita perdite | perda prejuizo | verlies
double twice twofold | doppel verdoppel zweifach | double doubl | doble dobl duplic | doppi raddoppi | dobro
    dobr duplic | dubbel verdubbel tweevoud
triple threefold | dreifach verdreifach | tripl | tripl | tripl | tripl | drievoud verdrievoud
half | halft halb | moitie semestre | mitad semestre | meta semestre | metade semestre | helft half
"""
_COMPOSED = ("de", "nl")
_PART = 6  # letters of a part of a composed word
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_MEANINGS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    code: tuple(
        (line.split()[0], tuple(line.split("|")[at].split()))
        for line in _TABLE.strip().replace("\n    ", " ").splitlines()
    )
    for at, code in enumerate(_ORDER)
}


@lru_cache(maxsize=1024)
def meanings(text: str, code: str) -> frozenset[str]:
    """What of the table a text speaks of, each by its first English word."""
    words = _WORD.findall(flat(text))
    return frozenset(name for name, begins in _MEANINGS[code] for word in words if _speaks(word, begins, code))


def _speaks(word: str, begins: tuple[str, ...], code: str) -> bool:
    """A word, or in German and Dutch what it is composed with ("Finanzdirektor")."""
    if word.startswith(begins):
        return True
    return code in _COMPOSED and any(len(begin) >= _PART and begin in word[3:] for begin in begins)
